// Go templates: what the docker client made of them, recorded (test/cli/templates.json, tools/record-templates.py), is what ours make of them.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { executeTemplate, nilMap, nilSlice, omitEmpty, parseTemplate, TemplateError, untyped } from '../../src/cli/template/index.ts';

type Case = [template: string, code: number, out: string, err: string];
const recorded = JSON.parse(readFileSync('test/cli/templates.json', 'utf8')) as { document: Record<string, any>; inspect: Case[] };

/** The recorded document with the types that the client gives it. */
function typed(): object {
  const config = (value: Record<string, any>): object => {
    const map = (entries: object | null): unknown => (entries ? new Map(Object.entries(entries)) : nilMap);
    const known = { ...value, ExposedPorts: map(value['ExposedPorts']), Labels: map(value['Labels']), Volumes: map(value['Volumes']) };
    const lists = Object.fromEntries(['Env', 'Cmd', 'Entrypoint', 'OnBuild'].map((name) => [name, value[name] ?? nilSlice]));
    return { ...known, ...lists, Healthcheck: undefined, [omitEmpty]: ['ExposedPorts'] };
  };
  const { document } = recorded;
  return { ...document, Config: config(document['Config']), ContainerConfig: config(document['ContainerConfig']), Variant: '', [omitEmpty]: ['Variant', 'Container'] };
}

/** As `docker inspect -f`: over the typed document, and where that fails over the one without types. */
function inspect(source: string): { code: number; out: string; err: string } {
  let template;
  try { template = parseTemplate(source); } catch (error) { return failure(error, 64, ''); }
  try { return { code: 0, out: `${executeTemplate(template, typed())}\n`, err: '' }; } catch (error) { if (!(error instanceof TemplateError)) throw error; }
  try { return { code: 0, out: `${executeTemplate(template, untyped(typed()), { typing: 'untyped' })}\n`, err: '' }; } catch (error) { return failure(error, 1, '\n'); }
}

function failure(error: unknown, code: number, out: string): { code: number; out: string; err: string } {
  if (!(error instanceof TemplateError)) throw error;
  return { code, out, err: `${error.message}\n` };
}

/** Addresses of Go's pointers cannot be the same. */
const comparable = recorded.inspect.filter(([, , out]) => !/0xc000/.test(out));

for (const [template, code, out, err] of comparable) test(template, () => { assert.equal(inspect(template), { code, out, err }); });

const hostile: [what: string, template: string][] = [
  ['deep parentheses', `{{${'('.repeat(50_000)}1${')'.repeat(50_000)}}}`], ['deep ifs', '{{if 1}}'.repeat(20_000) + '{{end}}'.repeat(20_000)], ['a template that calls itself', '{{define "x"}}{{template "x"}}{{end}}{{template "x"}}'],
  ['a huge width', '{{printf "%999999999d" 1}}'], ['a huge width from an argument', '{{printf "%*d" 99999999 1}}'], ['a huge pad', '{{pad "x" 1000000000 1000000000}}'], ['a huge precision', '{{len (printf "%.900000f" 1.5)}}'], ['a number too large', '{{9007199254740993}}'],
];
for (const [what, template] of hostile) {
  test(`${what}: an answer or docker's kind of error, soon`, () => {
    const { code, err } = inspect(template);
    assert.ok(code === 0 || /^template parsing error: /.test(err), err);
  });
}

test('whatever is written is answered, or refused as a template', () => {
  const pieces = ['{{', '}}', '{{-', '-}}', ' ', '.', '.Id', '.Config', '.Nope', '$', '$x', ':=', '=', '|', '(', ')', ',', '"a"', '`b`', '\'c\'', '1', '-2', '0x1f', '1.5', 'if', 'else', 'end', 'range', 'with', 'define', 'template', 'block', 'break', 'continue', 'true', 'nil',
    'json', 'index', 'len', 'printf', '"%5.2f%v%q"', 'join', 'split', 'slice', 'eq', 'and', 'or', 'not', 'lt', 'call', 'println', 'pad', 'truncate', 'html', '/*', '*/', 'text', '\n', '\t', 'é', '"', '\'', '\\'];
  const statement = fc.array(fc.constantFrom(...pieces), { maxLength: 6 }).map((words) => `{{${words.join(' ')}}}`);
  const anything = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((words) => words.join(''));
  fc.assert(fc.property(fc.array(fc.oneof(statement, anything), { maxLength: 5 }).map((parts) => parts.join('')), (template) => {
    const { code, err } = inspect(template);
    return code === 0 || err.startsWith('template parsing error: template: ');
  }), { numRuns: 5000 });
});

test('most cases can be compared', () => { assert.ok(comparable.length > 250, String(comparable.length)); });

test.run();
