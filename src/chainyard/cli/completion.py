"""``chainyard completion bash|zsh|fish``: a script for the shell to read."""

from __future__ import annotations

from argparse import Namespace

from chainyard.cli.output import emit
from chainyard.cli.parser import OneOf, Parser

# Each hands the words up to the cursor to `chainyard __complete`, and files to the shell itself.
SCRIPTS = {
    "bash": """\
# chainyard: eval "$(chainyard completion bash)" in ~/.bashrc
_chainyard() {
    local IFS=$'\\n' tab=$'\\t' line
    COMPREPLY=()
    for line in $("$1" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null); do
        COMPREPLY+=("${line%%$tab*}")
    done
}
complete -o default -F _chainyard chainyard
""",
    "zsh": """\
#compdef chainyard
# chainyard: eval "$(chainyard completion zsh)" in ~/.zshrc, after compinit
_chainyard() {
    local -a found
    local tab=$'\\t' line
    for line in "${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        [[ -n "$line" ]] && found+=("${${line%%$tab*}//:/\\\\:}:${line#*$tab}")
    done
    if (( ${#found} )); then
        _describe chainyard found
    else
        _files
    fi
}
compdef _chainyard chainyard
""",
    "fish": """\
# chainyard: chainyard completion fish > ~/.config/fish/completions/chainyard.fish
function __chainyard_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found ($words[1] __complete $words[2..-1] 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete --command chainyard --no-files --arguments '(__chainyard_complete)'
""",
}


def arguments(parser: Parser) -> None:
    """Declare what the verb takes."""
    parser.add_argument(
        "shell", type=OneOf(*SCRIPTS), metavar="|".join(SCRIPTS), help="the shell that you use"
    )


def run(args: Namespace) -> None:
    """Print the script as it is."""
    emit(SCRIPTS[args.shell])
