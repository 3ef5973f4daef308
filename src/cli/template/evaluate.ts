// Executes a parsed Go template over a value, as text/template does: what fields, variables, pipelines and statements mean.
import { defaultFunctions, type Functions, type Parameter, parameterNames } from './functions.ts';
import { type Command, type Node, type Operand, type Pipeline, type Template, TemplateError } from './nodes.ts';
import { formatted } from './printf.ts';
import { byteLength, GoFloat, isTrue, kindOf, nilSlice, sortedKeys, type Struct, typeName, type Typing } from './values.ts';

export interface ExecuteOptions {
  readonly functions?: Functions;
  /** `untyped`: the value was read from JSON without types, and a key that is not there is an error. */
  readonly typing?: Typing;
}

/** No value comes down the pipeline. */
const missing = Symbol('missing');
/** How deep templates may call each other. */
const MAX_DEPTH = 1000;

type Jump = 'break' | 'continue' | undefined;
/** Operands of text/template that are called with arguments. */
type Callable = (...args: unknown[]) => unknown;

class Execution {
  readonly out: string[] = [];
  readonly #template: Template;
  readonly #functions: Functions;
  readonly #typing: Typing;
  #variables: [string, unknown][];
  /** What error messages point at. */
  #node: { readonly at: number; readonly text: string };
  #depth = 0;
  #inside = '';

  constructor(template: Template, data: unknown, { functions = defaultFunctions, typing = 'typed' }: ExecuteOptions) {
    this.#template = template;
    this.#functions = functions;
    this.#typing = typing;
    this.#variables = [['$', data]];
    this.#node = { at: 0, text: '' };
  }

  #fail(message: string): never {
    const before = this.#template.source.slice(0, this.#node.at);
    const line = before.split('\n').length;
    throw new TemplateError(`template: :${line}:${byteLength(before.slice(before.lastIndexOf('\n') + 1))}: executing ${JSON.stringify(this.#inside)} at <${this.#node.text}>: ${message}`);
  }

  #typeName(value: unknown): string { return typeName(value, this.#typing); }

  walk(dot: unknown, nodes: readonly Node[]): Jump {
    for (const node of nodes) {
      this.#node = node;
      const jump = this.#walkNode(dot, node);
      if (jump) return jump;
    }
    return undefined;
  }

  #walkNode(dot: unknown, node: Node): Jump {
    switch (node.kind) {
      case 'text': this.out.push(node.text); return undefined;
      case 'action': return this.#action(dot, node.pipeline);
      case 'break': case 'continue': return node.kind;
      case 'template': return this.#call(dot, node.name, node.pipeline);
      case 'range': return this.#range(dot, node.pipeline, node.body, node.otherwise);
      default: return this.#choose(dot, node.kind, node.pipeline, node.body, node.otherwise);
    }
  }

  #action(dot: unknown, pipeline: Pipeline): undefined {
    const value = this.#pipeline(dot, pipeline);
    if (pipeline.variables.length === 0) this.#print(value);
  }

  #print(value: unknown): void {
    if (kindOf(value) === 'func') this.#fail(`can't print ${this.#node.text} of type func()`);
    this.out.push(value === undefined ? '<no value>' : formatted(value, this.#typing));
  }

  #choose(dot: unknown, kind: 'if' | 'with', pipeline: Pipeline, body: readonly Node[], otherwise: readonly Node[]): Jump {
    const mark = this.#variables.length;
    const value = this.#pipeline(dot, pipeline);
    const jump = isTrue(value) ? this.walk(kind === 'with' ? value : dot, body) : this.walk(dot, otherwise);
    this.#variables.length = mark;
    return jump;
  }

  #range(dot: unknown, pipeline: Pipeline, body: readonly Node[], otherwise: readonly Node[]): Jump {
    const mark = this.#variables.length;
    const value = this.#pipeline(dot, pipeline);
    const inner = this.#variables.length;
    let jump: Jump;
    let any = false;
    if (kindOf(value) === 'int' && pipeline.variables.length > 1) this.#fail(`can't use ${formatted(value)} to iterate over more than one variable`);
    for (const item of this.#items(value)) {
      any = true;
      this.#bind(pipeline, mark, item);
      jump = this.walk(item[1], body);
      this.#variables.length = inner;
      if (jump === 'break') break;
    }
    if (!any) jump = this.walk(dot, otherwise);
    this.#variables.length = mark;
    return any ? undefined : jump;
  }

  /** Gives an element to the loop's variables: the last one said takes the element, the one before it index or key. */
  #bind({ variables, assigns }: Pipeline, mark: number, [key, element]: readonly [unknown, unknown]): void {
    const values = variables.length === 2 ? [key, element] : [element];
    variables.forEach((name, i) => {
      if (assigns) this.#assign(name, values[i]);
      else this.#variables[mark + i] = [name, values[i]];
    });
  }

  *#items(value: unknown): Generator<readonly [unknown, unknown]> {
    switch (kindOf(value)) {
      case 'slice': return yield* (value as unknown[]).entries();
      case 'map': for (const key of sortedKeys(value as Map<string, unknown>)) yield [key, (value as Map<string, unknown>).get(key)]; return;
      case 'int': for (let i = 0; i < (value as number); i++) yield [i, i]; return;
      case 'none': case 'nil': return;
      default: return this.#fail(`range can't iterate over ${formatted(value, this.#typing)}`);
    }
  }

  #call(dot: unknown, name: string, pipeline: Pipeline | undefined): undefined {
    const body = this.#template.defined.get(name);
    if (!body) this.#fail(`template ${JSON.stringify(name)} not defined`);
    if (++this.#depth > MAX_DEPTH) this.#fail('exceeded maximum template depth (100000)');
    const value = pipeline ? this.#pipeline(dot, pipeline) : undefined;
    const [variables, inside] = [this.#variables, this.#inside];
    [this.#variables, this.#inside] = [[['$', value]], name];
    this.walk(value, body);
    [this.#variables, this.#inside] = [variables, inside];
    this.#depth--;
  }

  #assign(name: string, value: unknown): void {
    const variable = this.#variables.findLast(([known]) => known === name);
    if (!variable) this.#fail(`undefined variable: ${name}`);
    variable[1] = value;
  }

  #variable(name: string): unknown {
    const variable = this.#variables.findLast(([known]) => known === name);
    return variable ? variable[1] : this.#fail(`undefined variable: ${name}`);
  }

  #pipeline(dot: unknown, pipeline: Pipeline): unknown {
    this.#node = pipeline;
    let value: unknown = missing;
    for (const command of pipeline.commands) value = this.#command(dot, command, value);
    for (const name of pipeline.variables) {
      if (pipeline.assigns) this.#assign(name, value);
      else this.#variables.push([name, value]);
    }
    return value;
  }

  #command(dot: unknown, command: Command, final: unknown): unknown {
    const [first, ...args] = command.words as [Operand, ...Operand[]];
    switch (first.kind) {
      case 'field': case 'chain': case 'variable': return this.#chain(dot, first, args, final);
      case 'function': return this.#function(dot, command, first.name, args, final);
      case 'pipeline': this.#refuseArguments(first, args, final); return this.#pipeline(dot, first);
      default:
    }
    this.#node = first;
    this.#refuseArguments(first, args, final);
    if (first.kind === 'nil') return this.#fail('nil is not a command');
    return this.#operand(dot, first);
  }

  #refuseArguments(operand: Operand, args: readonly Operand[], final: unknown): void {
    if (args.length > 0 || final !== missing) this.#fail(`can't give argument to non-function ${operand.kind === 'pipeline' ? `(${operand.text})` : operand.text}`);
  }

  /** A field, variable or parenthesis with fields after it; arguments go to the last of them. */
  #chain(dot: unknown, operand: Operand, args: readonly Operand[], final: unknown): unknown {
    this.#node = operand;
    if (operand.kind === 'field') return this.#fields(dot, dot, operand.names, args, final);
    if (operand.kind === 'chain') return this.#fields(dot, this.#operand(dot, operand.operand), operand.names, args, final);
    if (operand.kind !== 'variable') return this.#operand(dot, operand);
    const value = this.#variable(operand.name);
    if (operand.names.length > 0) return this.#fields(dot, value, operand.names, args, final);
    this.#refuseArguments(operand, args, final);
    return value;
  }

  #fields(dot: unknown, receiver: unknown, names: readonly string[], args: readonly Operand[], final: unknown): unknown {
    let value = receiver;
    names.forEach((name, i) => {
      const last = i === names.length - 1;
      value = this.#field(dot, value, name, last ? args : [], last ? final : missing, i > 0);
    });
    return value;
  }

  #field(dot: unknown, receiver: unknown, name: string, args: readonly Operand[], final: unknown, inner: boolean): unknown {
    const kind = kindOf(receiver);
    if (kind === 'none') return this.#typing === 'untyped' ? this.#fail(`nil data; no entry for key ${JSON.stringify(name)}`) : undefined;
    if (kind === 'nil') return this.#fail(`nil pointer evaluating interface {}.${name}`);
    const found = kind === 'map' ? this.#entry(receiver as Map<string, unknown>, name) : kind === 'struct' && Object.hasOwn(receiver as Struct, name) ? (receiver as Struct)[name] ?? null : missing;
    if (found === missing) return this.#fail(`can't evaluate field ${name} in type ${inner && this.#typing === 'untyped' ? 'interface {}' : this.#typeName(receiver)}`);
    if (kindOf(found) === 'func') return (found as Callable)(...this.#arguments(dot, args, final));
    if (args.length > 0 || final !== missing) return this.#fail(`${name} is not a method but has arguments`);
    return found;
  }

  #arguments(dot: unknown, args: readonly Operand[], final: unknown): unknown[] {
    const values = args.map((arg) => this.#operand(dot, arg));
    return final === missing ? values : [...values, final];
  }

  #entry(map: ReadonlyMap<string, unknown>, name: string): unknown {
    if (!map.has(name) && this.#typing === 'untyped') return this.#fail(`map has no entry for key ${JSON.stringify(name)}`);
    return map.get(name);
  }

  #function(dot: unknown, command: Command, name: string, args: readonly Operand[], final: unknown): unknown {
    this.#node = command.words[0]!;
    const { parameters, rest, call, lazy } = this.#functions[name]!;
    const count = args.length + (final === missing ? 0 : 1);
    if (count < parameters.length || (rest === undefined && count > parameters.length)) {
      this.#fail(`wrong number of args for ${name}: want ${rest === undefined ? '' : 'at least '}${parameters.length} got ${count}`);
    }
    if (lazy !== undefined) return this.#lazily(dot, args, final, lazy);
    const values = args.map((arg, i) => this.#argument(dot, arg, parameters[i] ?? rest!));
    if (final !== missing) values.push(this.#checked(final, parameters[values.length] ?? rest!));
    try { return call(values, { typing: this.#typing, words: args.map((arg) => arg.text) }); } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      this.#node = command;
      return this.#fail(`error calling ${name}: ${error.message}`);
    }
  }

  /** `and` and `or` look at arguments until one decides. */
  #lazily(dot: unknown, args: readonly Operand[], final: unknown, decisive: boolean): unknown {
    let value: unknown;
    for (const arg of args) {
      value = this.#argument(dot, arg, 'any');
      if (isTrue(value) === decisive) return value;
    }
    return final === missing ? value : final;
  }

  #operand(dot: unknown, operand: Operand): unknown {
    switch (operand.kind) {
      case 'dot': return dot;
      case 'nil': return undefined;
      case 'constant': return operand.value;
      case 'pipeline': return this.#pipeline(dot, operand);
      case 'function': return this.#function(dot, { kind: 'command', at: operand.at, text: operand.text, words: [operand] }, operand.name, [], missing);
      default: return this.#chain(dot, operand, [], missing);
    }
  }

  /** An argument, which must have the type of its parameter. */
  #argument(dot: unknown, operand: Operand, parameter: Parameter): unknown {
    this.#node = operand;
    if (parameter === 'any') return this.#operand(dot, operand);
    if (operand.kind === 'nil') return parameter === 'strings' ? nilSlice : this.#fail(`cannot assign nil to ${parameterNames[parameter]}`);
    if (operand.kind !== 'constant') return this.#checked(this.#operand(dot, operand), parameter);
    if (parameter === 'strings') return this.#fail(`can't handle ${operand.text} for arg of type ${parameterNames[parameter]}`);
    if (parameter === 'int' && operand.value instanceof GoFloat && Number.isInteger(operand.value.value)) return operand.value.value;
    if (kindOf(operand.value) !== parameter) return this.#fail(`expected ${parameter === 'int' ? 'integer' : parameter}; found ${operand.text}`);
    return operand.value;
  }

  #checked(value: unknown, parameter: Parameter): unknown {
    const kind = kindOf(value);
    const wanted = parameterNames[parameter];
    if (parameter === 'any') return value;
    if (kind === 'none') return parameter === 'strings' ? nilSlice : this.#fail(`invalid value; expected ${wanted}`);
    const given = this.#typeName(value);
    return given === wanted ? value : this.#fail(`wrong type for value; expected ${wanted}; got ${given}`);
  }
}

/** What the template makes of `data`. Throws TemplateError with Go's message. */
export function execute(template: Template, data: unknown, options: ExecuteOptions = {}): string {
  const execution = new Execution(template, data, options);
  execution.walk(data, template.body);
  return execution.out.join('');
}
