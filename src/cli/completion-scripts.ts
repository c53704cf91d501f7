/** Shells that have a completion script. */
export const shells = ['bash', 'zsh', 'fish'] as const

/** A shell that has a completion script. */
export type Shell = (typeof shells)[number]

/**
 * What a shell runs to complete `sqlake`. Each asks the program itself, so a script stays right when commands change. yargs looks at
 * SHELL for whether to describe what it lists.
 */
export const completionScripts: Readonly<Record<Shell, string>> = {
	bash: `# eval "$(sqlake completion bash)", in ~/.bashrc
_sqlake() {
	local IFS=$'\\n' current="\${COMP_WORDS[COMP_CWORD]}"
	COMPREPLY=($(compgen -W "$(SHELL=bash sqlake --get-yargs-completions "\${COMP_WORDS[@]}" 2>/dev/null)" -- "$current"))
}
complete -o bashdefault -o default -F _sqlake sqlake`,
	zsh: `#compdef sqlake
# eval "$(sqlake completion zsh)", in ~/.zshrc after compinit
_sqlake() {
	local -a found
	found=("\${(@f)$(SHELL=zsh sqlake --get-yargs-completions "\${words[@]}" 2>/dev/null)}")
	if [[ -n "\${found[1]}" ]]; then _describe 'sqlake' found; else _default; fi
}
compdef _sqlake sqlake`,
	fish: `# sqlake completion fish > ~/.config/fish/completions/sqlake.fish
function __sqlake_complete
	env SHELL=fish sqlake --get-yargs-completions (commandline -opc) (commandline -ct) 2>/dev/null
end
complete -c sqlake -a '(__sqlake_complete)'`,
}
