// The audit log, read: a tenant's by its admins, all of it by platform admins.
import { Readable } from 'node:stream';
import {
  auditListSchema,
  auditVerdictSchema,
  type ExportAuditQuery,
  exportAuditQuerySchema,
  type ListAuditQuery,
  listAuditQuerySchema,
} from '@souk/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { type AuditFilter, listAuditEntries, toAuditEntry } from '../audit/audit-queries.ts';
import { verifyAuditChain } from '../audit/verify-chain.ts';
import type { Db } from '../db/database.ts';
import { ACCESS, type Actor } from '../tenants/access.ts';
import { toCsvLine } from './csv.ts';

export interface AuditRoutesOptions {
  readonly db: Db;
  readonly actorOf: (request: FastifyRequest) => Actor;
}

const tags = ['audit'];
const EXPORT_ROWS_AT_ONCE = 500;
const CSV_COLUMNS = [
  ...['id', 'at', 'tenantId', 'actor', 'actorName', 'action', 'target', 'address', 'outcome', 'code', 'requestId'],
  ...['details', 'hash'],
] as const;

export const auditRoutes: FastifyPluginAsyncZod<AuditRoutesOptions> = async (app, { db, actorOf }) => {
  app.get(
    '/audit',
    {
      config: { access: ACCESS.administerTenant },
      schema: {
        summary: 'What was done in the tenant, newest first',
        tags,
        querystring: listAuditQuerySchema,
        response: { 200: auditListSchema },
      },
    },
    (request) => list({ tenantId: actorOf(request).tenantId }, request.query),
  );
  app.get(
    '/audit/export',
    {
      config: { access: ACCESS.administerTenant },
      schema: { summary: "The tenant's audit log as a file", tags, querystring: exportAuditQuerySchema },
    },
    async (request, reply) => sendFile({ tenantId: actorOf(request).tenantId }, request.query, reply),
  );
  app.get(
    '/admin/audit',
    {
      config: { access: ACCESS.platform },
      schema: {
        summary: 'What was done on the platform, newest first',
        tags,
        querystring: listAuditQuerySchema,
        response: { 200: auditListSchema },
      },
    },
    (request) => list({}, request.query),
  );
  app.get(
    '/admin/audit/export',
    {
      config: { access: ACCESS.platform },
      schema: { summary: 'The whole audit log as a file', tags, querystring: exportAuditQuerySchema },
    },
    async (request, reply) => sendFile({}, request.query, reply),
  );
  app.get(
    '/admin/audit/verify',
    {
      config: { access: ACCESS.platform },
      schema: {
        summary: 'Whether the audit log is as it was written',
        description: 'Keep `head` elsewhere: an end that was cut off shows only against it.',
        tags,
        response: { 200: auditVerdictSchema },
      },
    },
    () => verifyAuditChain(db),
  );

  async function list(scope: AuditFilter, { limit, after, ...filter }: ListAuditQuery) {
    const before = after === undefined ? null : Number(after);
    const rows = await listAuditEntries(db, { ...scope, ...filter }, { before, limit: limit + 1 });
    const shown = rows.slice(0, limit);
    return {
      items: shown.map(toAuditEntry),
      next: rows.length > limit ? String(shown.at(-1)?.cursor) : null,
    };
  }

  function sendFile(scope: AuditFilter, { format, ...filter }: ExportAuditQuery, reply: FastifyReply): FastifyReply {
    const isCsv = format === 'csv';
    return reply
      .header('content-disposition', `attachment; filename="audit.${format}"`)
      .type(isCsv ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8')
      .send(Readable.from(isCsv ? csvOf({ ...scope, ...filter }) : jsonOf({ ...scope, ...filter })));
  }

  // Page by page, so that a long log takes no memory.
  async function* pages(filter: AuditFilter) {
    let before: number | null = null;
    do {
      const rows = await listAuditEntries(db, filter, { before, limit: EXPORT_ROWS_AT_ONCE });
      yield rows.map(toAuditEntry);
      before = rows.length < EXPORT_ROWS_AT_ONCE ? null : (rows.at(-1)?.cursor ?? null);
    } while (before !== null);
  }

  async function* csvOf(filter: AuditFilter): AsyncGenerator<string> {
    yield toCsvLine(CSV_COLUMNS);
    for await (const page of pages(filter)) {
      yield page
        .map((entry) =>
          toCsvLine(CSV_COLUMNS.map((name) => (name === 'details' ? JSON.stringify(entry.details) : entry[name]))),
        )
        .join('');
    }
  }

  async function* jsonOf(filter: AuditFilter): AsyncGenerator<string> {
    yield '[';
    let separator = '\n';
    for await (const page of pages(filter)) {
      for (const entry of page) {
        yield `${separator}${JSON.stringify(entry)}`;
        separator = ',\n';
      }
    }
    yield '\n]\n';
  }
};
