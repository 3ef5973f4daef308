// From tokens to the tree of a Go template, by the grammar of text/template and with its error messages.
import { characterCode, numberValue, unquote } from './constants.ts';
import { lex, type Token, type TokenKind } from './lexer.ts';
import { type Command, type Node, type Operand, type Pipeline, type Template, TemplateError } from './nodes.ts';

/** What ends a list of nodes. */
type Ending = 'end' | 'else' | 'end of file';

const operandStarts = new Set<TokenKind>(['boolean', 'character', 'dot', 'field', 'identifier', 'number', 'nil', 'string', 'variable', 'left paren']);

/** How a token is named in messages. */
function shown({ kind, text }: Token): string {
  if (kind === 'end of file') return 'EOF';
  if (kind === 'keyword' || kind === 'dot') return `<${text}>`;
  return [...text].length > 10 ? `${JSON.stringify([...text].slice(0, 10).join(''))}...` : JSON.stringify(text);
}

class Parser {
  readonly #tokens: Token[];
  readonly #functions: ReadonlySet<string>;
  readonly #defined = new Map<string, readonly Node[]>();
  #next = 0;
  #variables = ['$'];
  #loops = 0;

  constructor(source: string, functions: ReadonlySet<string>) {
    this.#tokens = lex(source);
    this.#functions = functions;
  }

  #fail(message: string): never { throw new TemplateError(`template: :${this.#tokens[Math.min(this.#next, this.#tokens.length - 1)]!.line}: ${message}`); }
  #unexpected(token: Token, context: string): never { return this.#fail(token.kind === 'error' ? token.text : `unexpected ${shown(token)} in ${context}`); }

  #peek(): Token { return this.#tokens[Math.min(this.#next, this.#tokens.length - 1)]!; }
  #take(): Token { const token = this.#peek(); this.#next++; return token; }
  #peekWord(): Token { while (this.#peek().kind === 'space') this.#next++; return this.#peek(); }
  #takeWord(): Token { this.#peekWord(); return this.#take(); }
  #expect(kind: TokenKind, context: string): Token { const token = this.#takeWord(); return token.kind === kind ? token : this.#unexpected(token, context); }

  run(source: string): Template {
    const { nodes, ending } = this.#list();
    if (ending !== 'end of file') this.#fail(`unexpected {{${ending}}}`);
    return { source, body: nodes, defined: this.#defined };
  }

  /** Nodes up to {{end}}, {{else}} or the end; the ending's word is taken, what follows it is not. */
  #list(): { nodes: Node[]; ending: Ending } {
    const nodes: Node[] = [];
    for (;;) {
      const token = this.#take();
      if (token.kind === 'end of file') return { nodes, ending: 'end of file' };
      if (token.kind === 'text') { nodes.push({ kind: 'text', at: token.at, text: token.text }); continue; }
      if (token.kind !== 'open') this.#unexpected(token, 'input');
      const word = this.#peekWord();
      if (word.kind !== 'keyword') { nodes.push(this.#action()); continue; }
      this.#next++;
      if (word.text === 'end') { this.#expect('close', 'end'); return { nodes, ending: 'end' }; }
      if (word.text === 'else') { if (!this.#startsElse()) this.#expect('close', 'else'); return { nodes, ending: 'else' }; }
      const node = this.#statement(word);
      if (node) nodes.push(node);
    }
  }

  /** Whether `if` or `with` follows {{else: it begins a statement of its own. */
  #startsElse(): boolean { const { kind, text } = this.#peekWord(); return kind === 'keyword' && (text === 'if' || text === 'with'); }

  #action(): Node {
    const pipeline = this.#pipeline('command', 'close');
    return { kind: 'action', at: pipeline.at, text: `{{${pipeline.text}}}`, pipeline };
  }

  #statement(word: Token): Node | undefined {
    const { text } = word;
    if (text === 'if' || text === 'with' || text === 'range') return this.#control(word, text);
    if (text === 'break' || text === 'continue') return this.#jump(word, text);
    if (text === 'template') return this.#template();
    if (text === 'block') return this.#block(word);
    return this.#define();
  }

  #control(word: Token, kind: 'if' | 'with' | 'range'): Node {
    const variables = this.#variables.length;
    const pipeline = this.#pipeline(kind, 'close');
    if (kind === 'range') this.#loops++;
    const body = this.#list();
    if (kind === 'range') this.#loops--;
    const otherwise = body.ending === 'else' ? this.#otherwise(kind) : [];
    if (body.ending === 'end of file') this.#fail('unexpected EOF');
    this.#variables.length = variables;
    return { kind, at: word.at, text: `{{${kind} ${pipeline.text}}}`, pipeline, body: body.nodes, otherwise };
  }

  /** What follows {{else}}: a list, or one more statement of the same kind that shares the {{end}}. */
  #otherwise(kind: 'if' | 'with' | 'range'): Node[] {
    const next = this.#peekWord();
    if (next.kind === 'keyword' && next.text === kind && kind !== 'range') { this.#next++; return [this.#control(next, kind)]; }
    if (this.#startsElse()) this.#unexpected(next, 'else');
    const { nodes, ending } = this.#list();
    if (ending === 'end of file') this.#fail('unexpected EOF');
    if (ending === 'else') this.#fail('expected end; found {{else}}');
    return nodes;
  }

  #jump(word: Token, kind: 'break' | 'continue'): Node {
    this.#expect('close', `{{${kind}}}`);
    if (this.#loops === 0) this.#fail(`{{${kind}}} outside {{range}}`);
    return { kind, at: word.at, text: `{{${kind}}}` };
  }

  #templateName(context: string): Token & { value: string } {
    const token = this.#takeWord();
    const value = token.kind === 'string' ? unquote(token.text) : undefined;
    return value === undefined ? this.#unexpected(token, context) : { ...token, value };
  }

  #template(): Node {
    const name = this.#templateName('template clause');
    const pipeline = this.#peekWord().kind === 'close' ? undefined : this.#pipeline('template clause', 'close');
    if (!pipeline) this.#next++;
    return { kind: 'template', at: name.at, text: `{{template ${JSON.stringify(name.value)}${pipeline ? ` ${pipeline.text}` : ''}}}`, name: name.value, pipeline };
  }

  #block(word: Token): Node {
    const name = this.#templateName('block clause');
    const pipeline = this.#pipeline('block clause', 'close');
    this.#defineAs(name.value, 'block clause');
    return { kind: 'template', at: word.at, text: `{{template ${JSON.stringify(name.value)} ${pipeline.text}}}`, name: name.value, pipeline };
  }

  #define(): undefined {
    const name = this.#templateName('define clause');
    this.#expect('close', 'define clause');
    this.#defineAs(name.value, 'define clause');
  }

  /** The body of a template of its own, with variables of its own. */
  #defineAs(name: string, context: string): void {
    const [variables, loops] = [this.#variables, this.#loops];
    [this.#variables, this.#loops] = [['$'], 0];
    const { nodes, ending } = this.#list();
    if (ending === 'end of file') this.#fail('unexpected EOF');
    if (ending === 'else') this.#fail(`unexpected {{else}} in ${context}`);
    [this.#variables, this.#loops] = [variables, loops];
    this.#defined.set(name, nodes);
  }

  #pipeline(context: string, end: 'close' | 'right paren'): Pipeline {
    const { at } = this.#peekWord();
    const { variables, assigns } = this.#declarations(context);
    const commands: Command[] = [];
    for (;;) {
      const token = this.#peekWord();
      if (token.kind === end) break;
      if (!operandStarts.has(token.kind)) { this.#next++; this.#unexpected(token, context); }
      commands.push(this.#command());
    }
    if (commands.length === 0) this.#fail(`missing value for ${context}`);
    const idle = commands.findIndex((command, i) => i > 0 && ['constant', 'dot', 'nil'].includes(command.words[0]!.kind));
    if (idle > 0) this.#fail(`non executable command in pipeline stage ${idle + 1}`);
    this.#next++;
    const declared = variables.length > 0 ? `${variables.join(', ')} ${assigns ? '=' : ':='} ` : '';
    return { kind: 'pipeline', at, text: declared + commands.map((c) => c.text).join(' | '), commands, variables, assigns };
  }

  /** `$x :=`, `$x =`, and `$i, $x :=` for range. */
  #declarations(context: string): { variables: string[]; assigns: boolean } {
    const variables: string[] = [];
    for (;;) {
      const start = this.#next;
      const variable = this.#peekWord();
      if (variable.kind !== 'variable') return { variables, assigns: false };
      this.#next++;
      const after = this.#peekWord();
      if (after.kind === 'declare' || after.kind === 'assign') {
        this.#next++;
        this.#declare(variable.text, variables);
        return { variables, assigns: after.kind === 'assign' };
      }
      if (after.kind !== 'other' || after.text !== ',') { this.#next = start; return { variables, assigns: false }; }
      this.#next++;
      this.#declare(variable.text, variables);
      if (context !== 'range' || variables.length >= 2) this.#fail(`too many declarations in ${context}`);
      if (!['variable', 'close', 'right paren'].includes(this.#peekWord().kind)) this.#fail('range can only initialize variables');
    }
  }

  #declare(name: string, variables: string[]): void {
    variables.push(name);
    this.#variables.push(name);
  }

  #command(): Command {
    const { at } = this.#peekWord();
    const words: Operand[] = [];
    for (;;) {
      this.#peekWord();
      const operand = this.#operand();
      if (operand) words.push(operand);
      const token = this.#peek();
      if (token.kind === 'space') { this.#next++; continue; }
      if (token.kind === 'pipe') { this.#next++; break; }
      if (token.kind === 'close' || token.kind === 'right paren') break;
      this.#next++;
      this.#unexpected(token, 'operand');
    }
    if (words.length === 0) this.#fail('empty command');
    return { kind: 'command', at, text: words.map(written).join(' '), words };
  }

  /** A term, and the fields chained to it. */
  #operand(): Operand | undefined {
    const term = this.#term();
    if (!term || this.#peek().kind !== 'field') return term;
    const { at } = this.#peek();
    const names: string[] = [];
    while (this.#peek().kind === 'field') names.push(this.#take().text.slice(1));
    const text = `${written(term)}${names.map((name) => `.${name}`).join('')}`;
    if (term.kind === 'field') return { kind: 'field', at, text, names: [...term.names, ...names] };
    if (term.kind === 'variable') return { kind: 'variable', at, text, name: term.name, names };
    if (term.kind === 'constant' || term.kind === 'dot' || term.kind === 'nil') this.#fail(`unexpected . after term ${JSON.stringify(term.text)}`);
    return { kind: 'chain', at, text, operand: term, names };
  }

  #term(): Operand | undefined {
    const token = this.#peekWord();
    const make = terms[token.kind];
    if (!make && token.kind !== 'left paren') return undefined;
    this.#next++;
    if (token.kind === 'left paren') return this.#pipeline('parenthesized pipeline', 'right paren');
    if (token.kind === 'identifier' && !this.#functions.has(token.text)) this.#fail(`function ${JSON.stringify(token.text)} not defined`);
    if (token.kind === 'variable' && !this.#variables.includes(token.text)) this.#fail(`undefined variable ${JSON.stringify(token.text)}`);
    const made = make!(token);
    return typeof made === 'string' ? this.#fail(made) : made;
  }
}

const written = (operand: Operand): string => (operand.kind === 'pipeline' ? `(${operand.text})` : operand.text);
const constant = ({ at, text }: Token, value: unknown, type: 'bool' | 'number' | 'string'): Operand => ({ kind: 'constant', at, text, value, type });

/** An operand of one token, or what is wrong with it. */
const terms: Partial<Record<TokenKind, (token: Token) => Operand | string>> = {
  dot: ({ at, text }) => ({ kind: 'dot', at, text }),
  nil: ({ at, text }) => ({ kind: 'nil', at, text }),
  field: ({ at, text }) => ({ kind: 'field', at, text, names: [text.slice(1)] }),
  variable: ({ at, text }) => ({ kind: 'variable', at, text, name: text, names: [] }),
  identifier: ({ at, text }) => ({ kind: 'function', at, text, name: text }),
  boolean: (token) => constant(token, token.text === 'true', 'bool'),
  string: (token) => {
    const value = unquote(token.text);
    return value === undefined ? 'invalid syntax' : constant(token, value, 'string');
  },
  character: (token) => {
    const value = characterCode(token.text);
    return value === undefined ? `malformed character constant: ${token.text}` : constant(token, value, 'number');
  },
  number: (token) => {
    const value = numberValue(token.text);
    if (token.text.endsWith('i') && numberValue(token.text.slice(0, -1)) !== undefined) return `complex numbers are not supported: ${JSON.stringify(token.text)}`;
    return value === undefined ? `illegal number syntax: ${JSON.stringify(token.text)}` : constant(token, value, 'number');
  },
};

/** Parses a template that may use the named functions. Throws TemplateError with Go's message. */
export const parse = (source: string, functions: ReadonlySet<string>): Template => new Parser(source, functions).run(source);
