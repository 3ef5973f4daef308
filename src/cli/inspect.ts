// What inspect verbs share: documents of the things that are named, as indented JSON, as JSON in a line, or by a Go template; what is not there is told at the end.
import { messageOf } from './errors.ts';
import { type Parsed, string } from './flags.ts';
import { executeTemplate, json, parseTemplate, type Struct, type Template, TemplateError, untyped } from './template/index.ts';
import type { Terminal } from './verb.ts';

export const inspectFormatFlag = string('format', `Format output using a custom template:
'json':             Print in JSON format
'TEMPLATE':         Print output using the given Go template.
Refer to https://docs.docker.com/go/formatting/ for more information about formatting output with templates`, 'f');

/** Docker's exit code for a template that cannot be parsed. */
export const BAD_TEMPLATE = 64;

/** How the documents are shown, all of them together. */
type Show = (documents: readonly Struct[], fail: (error: unknown) => void) => string;

const indented: Show = (documents) => (documents.length === 0 ? '[]\n' : `${json(documents, { indent: 4 })}\n`);
const oneLine: Show = (documents) => `${json(documents)}\n`;

/** A document by its types, and where that fails as JSON without types, if the verb knows it: errors are those of the latter, as docker's. */
function shownBy(template: Template, document: Struct, raw: boolean): string {
  try { return executeTemplate(template, document); } catch (error) { if (!raw || !(error instanceof TemplateError)) throw error; }
  return executeTemplate(template, untyped(document), { typing: 'untyped' });
}

const byTemplate = (template: Template, raw: boolean): Show => (documents, fail) => {
  const lines: string[] = [];
  for (const document of documents) {
    try { lines.push(`${shownBy(template, document, raw)}\n`); } catch (error) { fail(error); }
  }
  return lines.join('') || '\n';
};

function showing(format: string, raw: boolean): Show {
  if (format === '') return indented;
  return format === 'json' ? oneLine : byTemplate(parseTemplate(format), raw);
}

/** Shows the documents of the words; `find` throws for what is not there; `raw`: templates may use them as JSON without types. Returns the exit code. */
export async function inspect(parsed: Parsed, terminal: Terminal, find: (word: string) => Struct | Promise<Struct>, { raw = true } = {}): Promise<number> {
  let show: Show;
  try { show = showing(parsed.string('format') ?? '', raw); } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    terminal.err(`${error.message}\n`);
    return BAD_TEMPLATE;
  }
  const errors: unknown[] = [];
  const documents: Struct[] = [];
  for (const word of parsed.words) {
    try { documents.push(await find(word)); } catch (error) { errors.push(error); }
  }
  terminal.out(show(documents, (error) => errors.push(error)));
  for (const error of errors) terminal.err(`${messageOf(error)}\n`);
  return errors.length === 0 ? 0 : 1;
}
