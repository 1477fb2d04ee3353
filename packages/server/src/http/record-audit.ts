// Writes the one audit entry of every call that changes something or reveals a secret: an intent before it is obeyed, its outcome
// before it is answered. A call that nobody known has made to a closed route leaves none: anyone could fill the log with those.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { readAuditNote } from '../audit/audit-note.ts';
import { type AuditIntent, addAuditEntry, addAuditIntent } from '../audit/audit-queries.ts';
import type { Db } from '../db/database.ts';
import type { Auth } from './auth.ts';
import { readRefusalCode } from './error-response.ts';

/** Registered after `auth.authenticate`: who asks is known by then. */
export function recordAudit(app: FastifyInstance, { db, auth }: { readonly db: Db; readonly auth: Auth }): void {
  const intents = new WeakMap<FastifyRequest, number>();

  app.addHook('onRequest', async (request) => {
    const intent = intentOf(request);
    if (intent !== null) {
      intents.set(request, await addAuditIntent(db, intent));
    }
  });

  app.addHook('onSend', async (request, reply, payload) => {
    const intent = intentOf(request);
    const intentId = intents.get(request) ?? null;
    if (intent === null || (intentId === null && auth.callerOf(request) === null)) {
      return payload;
    }
    intents.delete(request);
    const { actor, target, tenantId, refusal, details } = readAuditNote(request);
    try {
      await addAuditEntry(
        db,
        {
          ...intent,
          ...(actor !== undefined && { actor: actor.id, actorName: actor.name }),
          ...(tenantId !== undefined && { tenantId }),
          // As it stood in the address: the database takes no control characters.
          target: target?.replaceAll(/\p{Cc}/gu, '') ?? null,
          outcome: refusal === undefined ? outcomeOf(reply.statusCode) : 'refused',
          code: refusal ?? readRefusalCode(reply) ?? String(reply.statusCode),
          details: details ?? {},
        },
        intentId,
      );
    } catch (error) {
      // The intent stays and is entered later; the caller is told the truth about what was done.
      request.log.error({ err: error, action: intent.action }, 'an audit entry could not be written');
    }
    return payload;
  });

  function intentOf(request: FastifyRequest): AuditIntent | null {
    const { audit } = request.routeOptions.config;
    if (audit == null) {
      return null;
    }
    const caller = auth.callerOf(request);
    return {
      tenantId: auth.findActorOf(request)?.tenantId ?? null,
      actor: caller?.id ?? 'anonymous',
      actorName: caller?.name ?? '',
      action: audit,
      address: request.ip,
      requestId: request.id,
    };
  }
}

function outcomeOf(status: number): 'ok' | 'refused' | 'failed' {
  if (status >= 500) {
    return 'failed';
  }
  return status >= 400 ? 'refused' : 'ok';
}
