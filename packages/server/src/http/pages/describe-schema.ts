// A JSON schema as people write types: short enough to be read at a glance.

export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly nullable?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
}

export function describeSchema(schema: JsonSchema, indent = ''): string {
  const text = describeCore(schema, indent);
  return schema.nullable === true ? `${text} | null` : text;
}

function describeCore(schema: JsonSchema, indent: string): string {
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined) {
    return options.map((option) => describeSchema(option, indent)).join(' | ');
  }
  if (schema.enum !== undefined) {
    return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  }
  if (schema.const !== undefined) {
    return JSON.stringify(schema.const);
  }
  if (schema.items !== undefined) {
    return `[${describeSchema(schema.items, indent)}]`;
  }
  if (schema.properties !== undefined) {
    return describeObject(schema.properties, schema.required ?? [], indent);
  }
  if (typeof schema.additionalProperties === 'object') {
    return `{ [name]: ${describeSchema(schema.additionalProperties, indent)} }`;
  }
  return `${schema.format ?? [schema.type ?? 'anything'].flat().join(' | ')}${describeBounds(schema)}`;
}

function describeObject(
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[],
  indent: string,
): string {
  const inner = `${indent}  `;
  const lines = Object.entries(properties).map(([name, property]) => {
    const note = property.description === undefined ? '' : `   // ${property.description}`;
    return `${inner}${name}${required.includes(name) ? '' : '?'}: ${describeSchema(property, inner)}${note}`;
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}

// The bounds that zod adds to every integer tell a reader nothing.
function describeBounds({ minLength, maxLength, minimum, maximum, default: byDefault }: JsonSchema): string {
  const low = minLength ?? minimum;
  const high = maxLength ?? maximum;
  const isTold = (bound: number | undefined): bound is number =>
    bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
  const range = isTold(low) || isTold(high) ? ` (${isTold(low) ? low : ''}…${isTold(high) ? high : ''})` : '';
  return `${range}${byDefault === undefined ? '' : `, ${JSON.stringify(byDefault)} by default`}`;
}
