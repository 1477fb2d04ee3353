// How the OpenAPI document is made from the routes' own schemas, so that it cannot differ from what is checked.
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { ERRORS, problemSchema } from '@souk/contract';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { z } from 'zod';

const CODES = Object.entries(ERRORS).map(([code, { status, title }]) => `\`${code}\` (${status}): ${title}`);

export function openapiOptions(version: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Souk',
        version,
        description: `Creates, watches and removes shops on Kubernetes. Errors are problem+json with a \`code\`:\n\n- ${CODES.join('\n- ')}`,
      },
      tags: [
        { name: 'session', description: 'Sign in, and look after oneself' },
        { name: 'tenant', description: 'Members, invitations and tokens of a tenant' },
        { name: 'audit', description: 'Who did what' },
        { name: 'admin', description: 'For platform admins: people, tenants, all stores' },
        { name: 'stores', description: 'Create stores and look after them' },
        { name: 'events', description: 'What happens, as it happens' },
        { name: 'platform', description: 'What this installation offers and how it is' },
        { name: 'operations', description: 'For machines that watch the API' },
      ],
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: 'An API token, or the JWT of a session' },
          cookie: { type: 'apiKey', in: 'cookie', name: 'souk_session' },
        },
      },
    },
    transform: (input) => {
      const { schema, url } = jsonSchemaTransform(input);
      const { access, audit } = input.route.config ?? {};
      const isOpen = access === undefined || access.for === 'all';
      return {
        schema: {
          ...schema,
          ...(!isOpen && { security: [{ token: [] }, { cookie: [] }] }),
          ...(access !== undefined && { 'x-souk-access': access }),
          ...(audit != null && { 'x-souk-audit': audit }),
        },
        url,
      };
    },
    transformObject: (input) => {
      if (!('openapiObject' in input)) {
        return input.swaggerObject;
      }
      const document = input.openapiObject;
      Object.assign(document.components ?? {}, {
        schemas: { Problem: z.toJSONSchema(problemSchema, { target: 'openapi-3.0' }) },
      });
      for (const operation of Object.values(document.paths ?? {}).flatMap((path) => Object.values(path ?? {}))) {
        addProblem(operation);
      }
      return document;
    },
  };
}

function addProblem(operation: unknown): void {
  if (typeof operation === 'object' && operation !== null && 'responses' in operation) {
    const responses = operation.responses as Record<string, unknown>;
    responses.default = {
      description: 'Refused or failed',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
  }
}
