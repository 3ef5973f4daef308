// What is told of a transfer under way.

/** A line of progress in docker's words; `id` the first digits of a layer's digest. */
export interface TransferEvent { readonly id?: string; readonly status: string; readonly current?: number; readonly total?: number }
export type TransferProgress = (event: TransferEvent) => void;
