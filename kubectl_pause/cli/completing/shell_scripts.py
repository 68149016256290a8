"""What shells load, so that they ask `kubectl-pause_inspect __complete WORDS...`; and the script that kubectl calls."""

from __future__ import annotations

import shlex

BASH = r"""# bash completion for kubectl-pause_inspect: source it, or put it where bash-completion looks
_kubectl_pause_inspect() {
    local -a words
    local line cur directive=0 written="${COMP_LINE:0:COMP_POINT}"
    IFS=$' \t' read -ra words <<<"$written"
    [[ $written == *[[:space:]] ]] && words+=("")
    cur="${words[${#words[@]} - 1]}"
    COMPREPLY=()
    [[ $cur == -*=* ]] && cur="${cur#*=}"
    while IFS= read -r line; do
        if [[ $line == :* ]]; then
            directive="${line#:}"
            continue
        fi
        line="${line%%$'\t'*}"
        [[ $line == "$cur"* ]] && COMPREPLY+=("$line")
    done < <(kubectl-pause_inspect __complete "${words[@]:1}" 2>/dev/null)
    ((directive & 2)) && compopt -o nospace 2>/dev/null
    ((directive & 4)) || ((${#COMPREPLY[@]})) || compopt -o default 2>/dev/null
    return 0
}
complete -F _kubectl_pause_inspect kubectl-pause_inspect
"""

ZSH = r"""#compdef kubectl-pause_inspect
# zsh completion for kubectl-pause_inspect: source it, or put it into a directory of $fpath as _kubectl-pause_inspect
_kubectl_pause_inspect() {
    local line directive=0
    local -a names
    for line in "${(@f)$(kubectl-pause_inspect __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        if [[ $line == :* ]]; then
            directive=${line#:}
        elif [[ -n $line ]]; then
            names+=("${line%%$'\t'*}")
        fi
    done
    [[ $PREFIX == -*=* ]] && compset -P '*='
    if ((directive & 2)); then
        compadd -S '' -- $names
    else
        compadd -- $names
    fi
    ((directive & 4)) || (($#names)) || _files
}
compdef _kubectl_pause_inspect kubectl-pause_inspect
"""

FISH = r"""# fish completion for kubectl-pause_inspect: source it, or put it into ~/.config/fish/completions
function __kubectl_pause_inspect_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines (kubectl-pause_inspect __complete $words[2..-1] "$current" 2>/dev/null)
    set -l names (string match -v -r '^:' -- $lines)
    set -l front (string match -r '^-[^=]*=' -- "$current")
    if test (count $names) -eq 0; and contains -- ':0' $lines
        __fish_complete_path "$current"
    else
        for name in $names
            echo -- "$front$name"
        end
    end
end
complete -c kubectl-pause_inspect -f -a '(__kubectl_pause_inspect_complete)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
KUBECTL_CALLS = "kubectl_complete-pause_inspect"
"""The executable that kubectl looks for on the PATH to complete the words behind `kubectl pause-inspect`."""
MARK = "# written by: kubectl pause-inspect completion --install"


def for_kubectl(program: str) -> str:
    """The script of that name. `program` is the path of the plugin."""
    return f'#!/bin/sh\n{MARK}\nexec {shlex.quote(program)} __complete "$@"\n'
