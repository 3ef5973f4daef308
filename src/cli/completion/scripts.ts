// What shells load to complete our command lines. Each asks `wherry __complete -- WORDS`, which answers a word a line, a tab, what it is; the last line says more: `:` and a sum of 1 (no blank follows) and 2 (files, too).

const bash = `# bash completion for wherry: . <(wherry completion bash)
_wherry() {
  local line="\${COMP_LINE:0:COMP_POINT}" words=() answer=() current more word prefix
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  current="\${words[\${#words[@]}-1]}"
  mapfile -t answer < <("\${words[0]}" __complete -- "\${words[@]:1}" 2>/dev/null)
  [[ \${#answer[@]} -eq 0 ]] && return
  more="\${answer[\${#answer[@]}-1]#:}"
  unset "answer[\${#answer[@]}-1]"
  # What readline takes for words of their own: all up to the last : or = stands already.
  prefix="\${current%"\${current##*[:=]}"}"
  COMPREPLY=()
  for word in "\${answer[@]}"; do
    word="\${word%%$'\\t'*}"
    [[ $word == "$current"* ]] && COMPREPLY+=("\${word#"$prefix"}")
  done
  (( more & 1 )) && compopt -o nospace
  (( more & 2 )) && { compopt -o filenames; mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "\${current#"$prefix"}"); }
  return 0
}
complete -F _wherry wherry
`;

const zsh = `#compdef wherry
# zsh completion for wherry: . <(wherry completion zsh), or as a file _wherry in $fpath
_wherry() {
  local -a answer found
  local line word more
  answer=("\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  more="\${answer[-1]#:}"
  [[ "$more" == <-> ]] || return 1
  for line in "\${(@)answer[1,-2]}"; do
    word="\${line%%$'\\t'*}"
    [[ -n "$word" ]] && found+=("\${word//:/\\\\:}:\${line#*$'\\t'}")
  done
  local -a options
  (( more & 1 )) && options=(-S '')
  (( \${#found} )) && _describe -V wherry found "\${options[@]}"
  (( more & 2 )) && _files
}
(( $+functions[compdef] )) && compdef _wherry wherry
`;

const fish = `# fish completion for wherry: wherry completion fish | source
function __wherry_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l answer ($words[1] __complete -- $words[2..] 2>/dev/null)
    test (count $answer) -gt 0; or return
    set -l more (string replace ':' '' -- $answer[-1])
    set -e answer[-1]
    printf '%s\\n' $answer
    test (math "floor($more / 2) % 2") -eq 1; and __fish_complete_path (commandline -ct)
end
complete -c wherry -f -a '(__wherry_complete)'
`;

export const scripts: Readonly<Record<string, string>> = { bash, zsh, fish };
