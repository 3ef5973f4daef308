// Verbs that show one document, as text of their own or by --format: version, info.
import { executeTemplate, json, parseTemplate, type Struct, TemplateError } from './template/index.ts';
import type { Terminal } from './verb.ts';

/** Shows a document as JSON or by a template; `name` is what docker calls its template in errors. Returns the exit code. */
export function formatted(terminal: Terminal, format: string, document: Struct, name: string): number {
  if (format === 'json') {
    terminal.out(`${json(document)}\n`);
    return 0;
  }
  try {
    terminal.out(`${executeTemplate(parseTemplate(format), document)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const wrong = error.message.replace('template parsing error: ', '');
    terminal.out('\n');
    terminal.err(`${name === '' ? wrong : wrong.replace(/^template: :/, `template: ${name}:`).replace('executing ""', `executing "${name}"`)}\n`);
    return 1;
  }
}
