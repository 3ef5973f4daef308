// What the page and its worker say to each other.

/** Page → worker. */
export type ToWorker =
  | { type: 'load'; archive: ArrayBuffer }
  | { type: 'run'; image: string; argv: string[]; tty: { rows: number; columns: number } | null }
  | { type: 'input'; bytes: Uint8Array }
  | { type: 'resize'; rows: number; columns: number };

/** Worker → page. */
export type FromWorker =
  | { type: 'ready' }
  | { type: 'loaded'; images: string[] }
  | { type: 'output'; stream: 'stdout' | 'stderr'; bytes: Uint8Array }
  | { type: 'exit'; code: number }
  | { type: 'error'; message: string };
