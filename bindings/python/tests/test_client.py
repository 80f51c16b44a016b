"""Against the demo server ($MCPCLIENT_DEMO_SERVER) and the server that asks back ($MCPCLIENT_ASKING_SERVER)."""

import asyncio
import gc
import os
import subprocess
import sys
import time
import unittest

import mcpclient
from mcpclient import BearerAuth, Client, Config, TokenCallback, UnauthorizedError
from mcpclient.aio import AsyncClient

DEMO = os.environ["MCPCLIENT_DEMO_SERVER"]
ASKING = os.environ["MCPCLIENT_ASKING_SERVER"]
TOKEN = "demo-token"
NOT_LISTENING = "http://127.0.0.1:1/mcp"


class CredentialsTest(unittest.TestCase):
    def test_a_token_an_object_a_callback_and_a_header(self):
        for how in (
            {"auth": TOKEN},
            {"auth": BearerAuth(TOKEN)},
            {"auth": TokenCallback(lambda challenge: TOKEN)},
            {"headers": {"X-API-Key": "demo-key"}},
            {"auth": TOKEN, "transport": "streamable-http"},
        ):
            with self.subTest(how=list(how)), Client(f"{DEMO}/mcp", **how) as client:
                client.ping()

    def test_a_refusal_is_an_exception_with_the_servers_reason(self):
        with Client(f"{DEMO}/mcp", auth="wrong-token") as client:
            with self.assertRaises(UnauthorizedError) as caught:
                client.ping()
        self.assertEqual(caught.exception.http_status, 401)
        self.assertEqual(caught.exception.challenge("error"), "invalid_token")
        self.assertNotIn("wrong-token", str(caught.exception))

    def test_a_token_is_replaced_for_all_clients(self):
        auth = BearerAuth("wrong-token")
        with Client(f"{DEMO}/mcp", auth=auth) as client:
            with self.assertRaises(UnauthorizedError):
                client.ping()
            auth.set_token(TOKEN)
            client.ping()

    def test_a_callback_that_raises_fails_the_call(self):
        def broken(challenge):
            raise RuntimeError("no token")

        hook, sys.unraisablehook = sys.unraisablehook, lambda *_: None
        try:
            with Client(f"{DEMO}/mcp", auth=TokenCallback(broken)) as client:
                with self.assertRaises(mcpclient.McpError):
                    client.ping()
        finally:
            sys.unraisablehook = hook


class CallsTest(unittest.TestCase):
    def setUp(self):
        self.client = Client(f"{DEMO}/mcp", auth=TOKEN)
        self.addCleanup(self.client.close)

    def test_every_operation(self):
        self.assertEqual(self.client.call_tool("add", {"a": 2, "b": 3})["content"][0]["text"], "5")
        self.assertIn("add", [tool["name"] for tool in self.client.list_tools()])
        self.assertIsInstance(self.client.list_resources(), list)
        self.assertIsInstance(self.client.list_prompts(), list)
        self.assertIn("serverInfo", self.client.server_info())
        self.assertIn("tools", self.client.request("tools/list"))
        self.assertEqual(self.client.transport, "streamable-http")

    def test_arguments_of_the_wrong_kind_are_exceptions(self):
        with self.assertRaises(ValueError):
            Client("not a URL")
        with self.assertRaises(ValueError):
            self.client.set_header("X\0", "value")
        with self.assertRaises(ValueError):
            self.client.call_tool("add", {"a": float("nan")})

    def test_a_closed_client_says_so(self):
        self.client.close()
        self.client.close()
        with self.assertRaisesRegex(ValueError, "closed"):
            self.client.ping()

    def test_a_network_failure_is_a_connection_error(self):
        with Client(NOT_LISTENING) as client, self.assertRaises(ConnectionError):
            client.ping()

    def test_a_client_that_is_dropped_is_freed(self):
        client = Client(f"{DEMO}/mcp", auth=TOKEN)
        client.on_notification(lambda method, params: None)
        client.ping()
        before = len(mcpclient._handles._registered)
        del client
        gc.collect()
        self.assertLess(len(mcpclient._handles._registered), before)

    def test_the_interpreter_ends_while_a_client_is_open(self):
        program = f"import mcpclient; c = mcpclient.Client({DEMO + '/mcp'!r}, auth={TOKEN!r}); c.ping()"
        done = subprocess.run([sys.executable, "-c", program], timeout=60)
        self.assertEqual(done.returncode, 0)


class AskingTest(unittest.TestCase):
    def test_a_request_of_the_server_is_answered(self):
        with Client(f"{ASKING}/mcp") as client:
            asked = []

            def decline(method, params):
                asked.append((method, params["message"]))
                return {"action": "decline"}

            client.on_request("elicitation/create", decline)
            result = client.call_tool("ask")
        self.assertEqual(asked[0][0], "elicitation/create")
        self.assertIn("decline", str(result["structuredContent"]))

    def test_a_scope_has_limits_of_its_own(self):
        with Client(f"{DEMO}/mcp", auth=TOKEN) as client, client.scope(timeout=10, meta={"x": 1}) as scope:
            scope.ping()
            scope.cancel()
            client.ping()


class ConfigTest(unittest.TestCase):
    def test_clients_come_from_a_configuration(self):
        text = '{"mcpServers": {"demo": {"url": "%s/mcp", "headers": {"Authorization": "Bearer ${T}"}}}}' % DEMO
        with Config.parse(text) as config:
            self.assertEqual(list(config), ["demo"])
            config.set_variable("T", TOKEN)
            with config.client("demo") as client:
                client.ping()


class AsyncTest(unittest.IsolatedAsyncioTestCase):
    async def test_many_calls_at_once(self):
        async with AsyncClient(Client(f"{DEMO}/mcp", auth=TOKEN)) as client:
            await asyncio.gather(*(client.ping() for _ in range(50)))
            result = await client.call_tool("add", {"a": 1, "b": 2})
            self.assertEqual(result["content"][0]["text"], "3")
            self.assertTrue(await client.list_tools())

    async def test_an_error_is_raised_where_it_is_awaited(self):
        async with AsyncClient(Client(NOT_LISTENING)) as client:
            with self.assertRaises(mcpclient.NetworkError):
                await client.ping()

    async def test_a_cancelled_task_leaves_the_others_alone(self):
        async with AsyncClient(Client(f"{ASKING}/mcp")) as client:
            slow = asyncio.create_task(client.call_tool("slow", {"ms": 20000}))
            await asyncio.sleep(0.2)
            began = time.monotonic()
            slow.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await slow
            await client.ping()
            self.assertLess(time.monotonic() - began, 10)


if __name__ == "__main__":
    unittest.main()
