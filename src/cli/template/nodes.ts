// The tree of a Go template. Every node knows its place and how it is written, which error messages quote.

interface Place { /** In UTF-16 units. */ readonly at: number; readonly text: string }

/** What can stand as an operand. */
export type Operand =
  | Place & { readonly kind: 'dot' | 'nil' }
  | Place & { readonly kind: 'constant'; readonly value: unknown; readonly type: 'bool' | 'number' | 'string' }
  | Place & { readonly kind: 'field'; readonly names: readonly string[] }
  | Place & { readonly kind: 'variable'; readonly name: string; readonly names: readonly string[] }
  | Place & { readonly kind: 'function'; readonly name: string }
  | Place & { readonly kind: 'chain'; readonly operand: Operand; readonly names: readonly string[] }
  | Pipeline;

export interface Command extends Place { readonly kind: 'command'; readonly words: readonly Operand[] }

export interface Pipeline extends Place {
  readonly kind: 'pipeline';
  readonly commands: readonly Command[];
  /** Variables that take the value: made new, or assigned. */
  readonly variables: readonly string[];
  readonly assigns: boolean;
}

export type Node =
  | Place & { readonly kind: 'text' }
  | Place & { readonly kind: 'action'; readonly pipeline: Pipeline }
  | Place & { readonly kind: 'if' | 'with' | 'range'; readonly pipeline: Pipeline; readonly body: readonly Node[]; readonly otherwise: readonly Node[] }
  | Place & { readonly kind: 'break' | 'continue' }
  | Place & { readonly kind: 'template'; readonly name: string; readonly pipeline: Pipeline | undefined };

/** A parsed template and those it defines. */
export interface Template { readonly source: string; readonly body: readonly Node[]; readonly defined: ReadonlyMap<string, readonly Node[]> }

/** A template that cannot be parsed, or fails; `message` is Go's. */
export class TemplateError extends Error {
  readonly code = 'TEMPLATE';
  constructor(message: string) {
    super(message);
    this.name = 'TemplateError';
  }
}
