// CycloneDX's official schemas as a judge of documents.
import { Ajv } from 'ajv'
import { fullFormats } from 'ajv-formats/dist/formats.js'
import { officialSchema } from './official-schema.ts'

/** Judges documents of a version; answers with what is wrong, nothing for a valid one. */
export function cycloneDxJudge(
  version: '1.4' | '1.5' | '1.6' | '1.7',
): (document: unknown) => readonly string[] {
  const ajv = new Ajv({ strict: false, allErrors: true })
  for (const [name, format] of Object.entries(fullFormats)) ajv.addFormat(name, format)
  // What is left of draft 2019's formats: any text that a URL may be written as.
  ajv.addFormat('iri-reference', /^[^\s<>"{}|\\^`]*$/)
  ajv.addFormat('idn-email', /^[^\s@]+@[^\s@]+$/)
  for (const name of ['spdx', 'jsf-0.82', 'cryptography-defs']) {
    ajv.addSchema(officialSchema(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`)
  }
  const validate = ajv.compile(officialSchema(`bom-${version}`))
  return (document) =>
    validate(document)
      ? []
      : (validate.errors ?? []).map(
          ({ instancePath, message }) => `${instancePath} ${message ?? ''}`,
        )
}
