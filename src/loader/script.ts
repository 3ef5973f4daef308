// `#!` scripts: the interpreter line, and the arguments it makes. execve(2), "Interpreter scripts".

const MAX_LINE = 256;
export interface Interpreter { path: string; argument: string | undefined }

/** The interpreter a script names, from the file's first bytes as latin1; undefined when it is not a script. 'bad' when the line names none or is cut off. */
export function interpreterOf(head: string): Interpreter | 'bad' | undefined {
  if (!head.startsWith('#!')) return undefined;
  const end = head.indexOf('\n');
  const line = head.slice(2, end < 0 ? MAX_LINE : Math.min(end, MAX_LINE)).replace(/\0.*$/s, '');
  const found = /^[ \t]*([^ \t]+)(?:[ \t]+(.*?))?[ \t]*$/s.exec(line);
  if (!found) return 'bad';
  const cut = end < 0 && head.length >= MAX_LINE || end > MAX_LINE;
  if (cut && found[2] === undefined) return 'bad';
  return { path: found[1]!, argument: found[2] || undefined };
}

/** What follows `#!path argument` is the script's path and its own arguments. */
export const scriptArguments = (interpreter: Interpreter, path: string, argv: readonly string[]): string[] =>
  [interpreter.path, ...(interpreter.argument === undefined ? [] : [interpreter.argument]), path, ...argv.slice(1)];
