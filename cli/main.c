/* mcpclient - talk to an MCP server from a shell or a monitor. Written on the public header alone. */
#include "cli.h"

#include <string.h>

const struct command commands[] = {
    {"ping", "ping TARGET", "check that the server is reachable and accepts the credentials", run_ping, true},
    {"info", "info TARGET", "print the server's name, version, capabilities and instructions", run_info, true},
    {"tools", "tools TARGET [TOOL]", "list the tools with their parameters", run_tools, true},
    {"call", "call TARGET TOOL [KEY=VALUE...]", "call a tool; values are typed by its schema", run_call, true},
    {"resources", "resources TARGET", "list the resources and resource templates", run_resources, true},
    {"read", "read TARGET URI", "read a resource", run_read, true},
    {"prompts", "prompts TARGET", "list the prompts with their arguments", run_prompts, true},
    {"prompt", "prompt TARGET NAME [KEY=VALUE...]", "get a prompt's messages", run_prompt, true},
    {"complete", "complete TARGET prompt|resource NAME ARGUMENT [VALUE]", "complete an argument's value", run_complete,
     true},
    {"listen", "listen TARGET", "print notifications until interrupted", run_listen, true},
    {"request", "request TARGET METHOD [PARAMS]", "send any JSON-RPC request", run_request, true},
    {"task", "task TARGET start TOOL [KEY=VALUE...] | get ID | wait ID | cancel ID",
     "work with a task that outlives a call", run_task, true},
    {"login", "login TARGET", "log in with a browser and store the grant", run_login, true},
    {"logout", "logout TARGET", "revoke and remove the stored grant", run_logout, true},
    {"servers", "servers", "list the servers of the configuration file", run_servers, false},
};
const size_t command_count = sizeof commands / sizeof commands[0];

static const struct command *find_command(const char *name)
{
    const char *names[sizeof commands / sizeof commands[0]];
    for (size_t i = 0; i < command_count; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
        names[i] = commands[i].name;
    }
    const char *nearest = options_nearest(name, names, command_count);
    if (nearest != NULL)
        wrong_usage("there is no command \"%s\"; did you mean \"%s\"?", name, nearest);
    wrong_usage("there is no command \"%s\"", name);
}

int main(int argc, char **argv)
{
    struct options options;
    options_parse(&options, argc, argv);
    const struct command *command = find_command(options.command);
    if (command->needs_target && options.target == NULL && options.program == NULL)
        wrong_usage("%s needs a URL, the name of a configured server, or -- COMMAND", command->name);
    return command->run(&options);
}
