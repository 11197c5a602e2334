// The official schema as a judge of SARIF logs.
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { fullFormats } from 'ajv-formats/dist/formats.js'

/** Answers with what is wrong, nothing for a valid log. */
export function sarifJudge(): (log: unknown) => readonly string[] {
  const file = new URL('./schemas/sarif-2.1.0.json', import.meta.url)
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (typeof parsed !== 'object' || parsed === null) throw new Error('the schema is no schema')
  // It is of draft 4, whose other words mean the same today; only its name for itself would be refused.
  const { $schema, id, ...schema }: Readonly<Record<string, unknown>> = { ...parsed }
  if (typeof $schema !== 'string' || typeof id !== 'string') throw new Error('another schema')
  const ajv = new Ajv({ strict: false, allErrors: true })
  for (const [name, format] of Object.entries(fullFormats)) ajv.addFormat(name, format)
  const validate = ajv.compile(schema)
  return (log) =>
    validate(log)
      ? []
      : (validate.errors ?? []).map(
          ({ instancePath, message }) => `${instancePath} ${message ?? ''}`,
        )
}
