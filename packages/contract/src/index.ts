// The contract's one entry: everything that is said over the wire.
export * from './errors.ts';
export * from './event.ts';
export * from './job.ts';
export * from './platform.ts';
export * from './store.ts';
