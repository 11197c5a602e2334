// What GitLab's schema of container scanning reports (15.0.2) asks for, as a judge: required members, words, lengths and forms.
import { Ajv } from 'ajv'

const named = { type: 'string', minLength: 1 }
const address = { type: 'string', pattern: '^https?://.+' }
const time = { type: 'string', pattern: String.raw`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$` }
const tool = {
  type: 'object',
  required: ['id', 'name', 'version', 'vendor'],
  properties: {
    id: named,
    name: named,
    version: named,
    vendor: { type: 'object', required: ['name'], properties: { name: named } },
  },
}
const identifier = {
  type: 'object',
  required: ['type', 'name', 'value'],
  properties: { type: named, name: named, value: named, url: address },
}
const location = {
  type: 'object',
  required: ['dependency', 'operating_system', 'image'],
  properties: {
    dependency: {
      type: 'object',
      required: ['package', 'version'],
      properties: {
        package: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
        version: { type: 'string' },
      },
    },
    operating_system: named,
    image: named,
  },
}
const details = {
  type: 'object',
  additionalProperties: {
    type: 'object',
    required: ['name', 'type', 'value'],
    properties: { name: named, type: { const: 'text' }, value: { type: 'string' } },
  },
}
const vulnerability = {
  type: 'object',
  required: ['id', 'identifiers', 'location'],
  properties: {
    id: named,
    name: { type: 'string', maxLength: 255 },
    description: { type: 'string', maxLength: 1_048_576 },
    severity: { enum: ['Info', 'Unknown', 'Low', 'Medium', 'High', 'Critical'] },
    solution: { type: 'string', maxLength: 7000 },
    identifiers: { type: 'array', minItems: 1, items: identifier },
    links: {
      type: 'array',
      items: { type: 'object', required: ['url'], properties: { url: address } },
    },
    location,
    details,
  },
}
const message = {
  type: 'object',
  required: ['level', 'value'],
  properties: { level: { enum: ['info', 'warn', 'fatal'] }, value: named },
}
const report = {
  type: 'object',
  required: ['scan', 'version', 'vulnerabilities'],
  properties: {
    version: { type: 'string', pattern: String.raw`^[0-9]+\.[0-9]+\.[0-9]+$` },
    schema: address,
    scan: {
      type: 'object',
      required: ['analyzer', 'end_time', 'scanner', 'start_time', 'status', 'type'],
      properties: {
        type: { const: 'container_scanning' },
        status: { enum: ['success', 'failure'] },
        start_time: time,
        end_time: time,
        analyzer: tool,
        scanner: tool,
        messages: { type: 'array', items: message },
      },
    },
    vulnerabilities: { type: 'array', items: vulnerability },
  },
}

/** Answers with what is wrong, nothing for a valid report. */
export function gitlabJudge(): (document: unknown) => readonly string[] {
  const validate = new Ajv({ strict: false, allErrors: true }).compile(report)
  return (document) =>
    validate(document)
      ? []
      : (validate.errors ?? []).map(
          ({ instancePath, message: what }) => `${instancePath} ${what ?? ''}`,
        )
}
