// Here-documents of an instruction's line: <<NAME, <<-NAME, <<"NAME".
import { splitWords } from '../oci/index.ts';

export interface Heredoc {
  readonly name: string;
  /** A file descriptor before the `<<`, or ''. */
  readonly descriptor: string;
  /** Variables are replaced: nothing of the name was quoted. */
  readonly expand: boolean;
  /** `<<-`: tabs at the beginning of lines are left out. */
  readonly chomp: boolean;
  readonly content: string;
}

/** The here-document that a word begins, without its content; undefined for other words. */
export function heredocOf(word: string): Heredoc | undefined {
  const [, descriptor = '', dash = '', quoted = ''] = /^(\d*)<<(-?)([^<]+)$/.exec(word) ?? [];
  const name = quoted.replace(/^"(.*)"$|^'(.*)'$/, '$1$2').replace(/\\(.)/g, '$1');
  return name === '' ? undefined : { name, descriptor, expand: name === quoted, chomp: dash !== '', content: '' };
}

/** All that a line begins, in order. */
export const heredocsOf = (line: string, escape: string): Heredoc[] => (line.includes('<<') ? splitWords(line, escape).flatMap((word) => heredocOf(word) ?? []) : []);
