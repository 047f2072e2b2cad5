/** One of the SDK's response schemas; it never throws on a value it does not like. */
interface Schema {
  safeParse(value: unknown): {
    readonly success: boolean
    readonly data?: unknown
    readonly error?: { readonly issues: readonly Issue[] }
  }
}

interface Issue {
  readonly path: readonly (string | number)[]
  readonly unionErrors?: readonly { readonly issues: readonly Issue[] }[]
}

/**
 * The schema of a module of `@vercel/sdk/models`; single files, since the whole SDK takes seconds to load.
 * @throws when the SDK has no schema of that name
 */
export async function sdkSchema(file: string, name: string): Promise<Schema> {
  const models: Record<string, Schema> = await import(`@vercel/sdk/models/${file}.js`)
  const schema = models[`${name}$inboundSchema`]
  if (!schema) throw new Error(`The SDK has no ${name} in ${file}`)
  return schema
}

/**
 * Where an answer differs from the documented one: a field that is missing, of another type, or unknown.
 * The SDK itself is lax: it fills what is missing and drops what it does not know, so what it made of the
 * answer is held against the answer.
 */
export function misfits(schema: Schema, given: unknown): readonly string[] {
  const parsed = schema.safeParse(given)
  if (parsed.success) return differences(given, parsed.data, '')
  return (parsed.error?.issues ?? []).flatMap(nearest).map(path => `${path}: refused`)
}

/** Of a union, what stands between the answer and the shape that is nearest to it. */
function nearest({ path, unionErrors = [] }: Issue): readonly string[] {
  const ways = unionErrors.map(({ issues }) => issues.flatMap(nearest))
  const [best] = ways.toSorted((one, other) => one.length - other.length)
  const here = path.map(step => `.${step}`).join('')
  return best ? best.map(below => `${here}${below}`) : [here]
}

function differences(given: unknown, made: unknown, path: string): readonly string[] {
  if (made instanceof Date)
    return new Date(String(given)).getTime() === made.getTime() ? [] : [`${path}: no date`]
  if (isObject(given) && isObject(made)) {
    const keys = new Set([...Object.keys(given), ...Object.keys(made)])
    return [...keys].flatMap(key => differences(given[key], made[key], `${path}.${key}`))
  }
  if (Object.is(given, made)) return []
  if (given === undefined) return [`${path}: missing`]
  return [made === undefined ? `${path}: unknown` : `${path}: of another type`]
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null
