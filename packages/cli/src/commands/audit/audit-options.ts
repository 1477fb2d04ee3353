// What both reading commands of the audit log take.
import { AUDIT_OUTCOMES, auditOutcomeSchema } from '@souk/contract';
import { UsageError } from '../../exit-code.ts';

export const AUDIT_OPTIONS = {
  actor: { type: 'string', value: 'WHO', help: 'only of this person or token: id, or part of the name' },
  action: { type: 'string', value: 'ACTION', help: 'only this, or all that begin with it: store, store.delete' },
  target: { type: 'string', value: 'ID', help: 'only what was done to this' },
  outcome: { type: 'string', value: 'OUTCOME', help: `only with this outcome: ${AUDIT_OUTCOMES.join(', ')}` },
  from: { type: 'string', value: 'TIME', help: 'only from then on, e.g. 2026-01-31T00:00:00Z' },
  to: { type: 'string', value: 'TIME', help: 'only before then' },
  platform: { type: 'boolean', help: 'of all tenants, for platform admins' },
} as const;

type Values = { readonly [K in 'actor' | 'action' | 'target' | 'outcome' | 'from' | 'to']: string | undefined };

export function readAuditFilter(values: Values, command: string) {
  const { actor, action, target, from, to } = values;
  const outcome = values.outcome === undefined ? undefined : auditOutcomeSchema.safeParse(values.outcome);
  if (outcome?.success === false) throw new UsageError(`there is no outcome "${values.outcome}"`, command);
  return {
    ...(actor === undefined ? {} : { actor }),
    ...(action === undefined ? {} : { action }),
    ...(target === undefined ? {} : { target }),
    ...(outcome === undefined ? {} : { outcome: outcome.data }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}
