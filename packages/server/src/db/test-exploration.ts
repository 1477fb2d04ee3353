// For tests that explore at random: from which seed on and how far, told by the environment, so that a run can be longer and be had
// again. A run says at its end what it was:
//   MODEL_SEED=20 MODEL_STEPS=100000 node --test packages/server/src/reconcile/life-model.test.ts
const numberOf = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);

/** Another one in each run, unless one is asked for. */
export const MODEL_SEED = numberOf('MODEL_SEED', Math.floor(Math.random() * 2 ** 30));
/** Steps in the lives of stores. */
export const MODEL_STEPS = numberOf('MODEL_STEPS', 200);
/** Sequences of up to 40 steps of the queue. */
export const MODEL_RUNS = numberOf('MODEL_RUNS', 40);
/** Jobs that pass while a snapshot is held open. */
export const MODEL_JOBS = numberOf('MODEL_JOBS', 10_000);
/** Worker processes killed while they hold jobs. */
export const MODEL_KILLS = numberOf('MODEL_KILLS', 3);

/** One line of the run's table. */
export function tellExplored(what: string, startedAt: number): void {
  console.log(`${what}; seed ${MODEL_SEED}; ${Math.round((performance.now() - startedAt) / 1_000)} s`);
}
