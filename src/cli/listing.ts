// Lists of things as docker formats them: a row of names and headings for each kind of thing, shown by a Go template, as a table, or as JSON.
import { string } from './flags.ts';
import { tabulate } from './tabulate.ts';
import { executeTemplate, headingFunctions, parseTemplate, type Struct, type Template, typeOf } from './template/index.ts';

/** What can be shown of a thing. */
export interface Column<Thing> {
  /** As templates call it: `ID` for {{.ID}}. */
  readonly name: string;
  /** A function where `value` gives one. */
  readonly heading: string | ((...args: any[]) => string);
  /** A function is called by templates with arguments: {{.Label "x"}}. */
  value(thing: Thing): unknown;
}

export interface Listing<Thing> {
  /** What Go calls the rows, for error messages: `*formatter.imageContext`. */
  readonly type: string;
  readonly columns: readonly Column<Thing>[];
  /** The table that is shown when nothing else is said, as a template: `{{.ID}}\t{{.Names}}`. */
  readonly table: string;
  /** What is shown with --quiet: `{{.ID}}`. */
  readonly quiet: string;
}

export const column = <Thing>(name: string, heading: Column<Thing>['heading'], value: (thing: Thing) => unknown): Column<Thing> => ({ name, heading, value });

/** The flag that chooses the format. */
export const formatFlag = string('format', `Format output using a custom template:
'table':            Print output in table format with column headers (default)
'table TEMPLATE':   Print output in table format using the given Go template
'json':             Print in JSON format
'TEMPLATE':         Print output using the given Go template.
Refer to https://docs.docker.com/go/formatting/ for more information about formatting output with templates`);

export interface Shown { readonly format?: string | undefined; readonly quiet?: boolean }

interface Format { readonly isTable: boolean; readonly template: Template }

/** `table`, `table TEMPLATE`, `json` or a template, with \t and \n understood. Throws TemplateError. */
function formatOf({ table, quiet }: Listing<never>, shown: Shown): Format {
  const said = shown.format ?? '';
  if (shown.quiet && (said === '' || said === 'table')) return { isTable: false, template: parseTemplate(quiet) };
  if (said === 'json') return { isTable: false, template: parseTemplate('{{json .}}') };
  const isTable = said === '' || said.startsWith('table');
  const text = said === '' || said === 'table' ? table : isTable ? said.slice('table'.length) : said;
  return { isTable, template: parseTemplate(text.replace(/^ +| +$/g, '').replaceAll('\\t', '\t').replaceAll('\\n', '\n')) };
}

/** The things, a line each, and with their headings where it is a table. Throws TemplateError. */
export function list<Thing>(listing: Listing<Thing>, things: readonly Thing[], shown: Shown): string {
  const { isTable, template } = formatOf(listing as unknown as Listing<never>, shown);
  const rows = things.map((thing) => rowOf(listing, thing));
  const lines = rows.map((row) => `${executeTemplate(template, row)}\n`).join('');
  if (!isTable) return lines;
  const headings = new Map(listing.columns.map(({ name, heading }) => [name, heading]));
  return tabulate(`${executeTemplate(template, headings, { functions: headingFunctions })}\n${lines}`);
}

/** A thing as templates see it: its fields by name, as Go sorts them, each worked out when it is asked for. */
export function rowOf<Thing>({ columns, type }: Listing<Thing>, thing: Thing): Struct {
  const row: Struct = { [typeOf]: type };
  for (const { name, value } of [...columns].sort((a, b) => (a.name < b.name ? -1 : 1))) Object.defineProperty(row, name, { enumerable: true, get: () => value(thing) });
  return row;
}
