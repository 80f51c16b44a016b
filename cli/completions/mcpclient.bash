# bash completion for mcpclient
_mcpclient() {
    local commands='ping info tools call resources read prompts prompt complete listen request task login logout servers'
    local options='--token-env --token-file --header --client-id --client-secret-file --key-file --issuer --scopes --state
        --insecure-argument --transport --protocol-version --timeout --connect-timeout --ca-file --client-certificate
        --client-key --proxy --insecure --config --set --args --count --interval --resource --no-browser --paste
        --redirect-url --json --quiet --nagios --warning --help --version'
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local word at has_command=
    COMPREPLY=()
    case $previous in
        --token-file | --client-secret-file | --key-file | --state | --ca-file | --client-certificate | --client-key | --config)
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
            ;;
        --token-env)
            mapfile -t COMPREPLY < <(compgen -e -- "$current")
            return
            ;;
        --transport)
            mapfile -t COMPREPLY < <(compgen -W 'auto http sse' -- "$current")
            return
            ;;
        --protocol-version)
            mapfile -t COMPREPLY < <(compgen -W '2026-07-28 2025-11-25 2025-06-18 2025-03-26 2024-11-05' -- "$current")
            return
            ;;
    esac
    for ((at = 1; at < COMP_CWORD; at++)); do
        word=${COMP_WORDS[at]}
        if [ "$word" = -- ]; then
            mapfile -t COMPREPLY < <(compgen -c -- "$current")
            return
        fi
        case " $commands " in *" $word "*) has_command=1 ;; esac
    done
    if [ "${current#-}" != "$current" ]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    elif [ -z "$has_command" ]; then
        mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current")
    else
        mapfile -t COMPREPLY < <(compgen -W "$(mcpclient servers 2>/dev/null | cut -f 1)" -- "$current")
    fi
}
complete -F _mcpclient mcpclient
