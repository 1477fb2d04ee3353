// The contract's one entry: everything that is said over the wire.

export * from './access.ts';
export * from './admin.ts';
export * from './audit.ts';
export * from './client.ts';
export * from './client-errors.ts';
export * from './errors.ts';
export * from './event.ts';
export type { StreamOptions } from './event-stream.ts';
export type { Connection } from './http-exchange.ts';
export * from './job.ts';
export * from './platform.ts';
export * from './session.ts';
export * from './step.ts';
export * from './store.ts';
export * from './tenant.ts';
