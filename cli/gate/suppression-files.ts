// The files by which the gate does not count findings: rules, and VEX documents.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readVexBytes } from '../../src/vex/read-vex.ts'
import { indexStatements, type TrustedDocument } from '../../src/vex/statement-index.ts'
import { exitCodes, Failure } from '../failure.ts'
import { readRuleFile } from '../rule-file.ts'
import { GateSuppressions } from './suppress.ts'

/** Undefined where there are none. Who names a VEX document here believes it. */
export function readSuppressions(
  ruleFile: string | undefined,
  vexFiles: readonly string[],
): GateSuppressions | undefined {
  if (ruleFile === undefined && vexFiles.length === 0) return undefined
  const rules = ruleFile === undefined ? [] : readRuleFile(ruleFile).rules
  return new GateSuppressions(rules, [indexStatements(vexFiles.map(readVexFile))])
}

function readVexFile(file: string): TrustedDocument {
  const bytes = bytesOf(file)
  const reading = readVexBytes(bytes)
  if (reading.kind === 'refused')
    throw new Failure(exitCodes.usage, `${file}: ${reading.reason}`, 'docs/suppressions.md')
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  return { document: reading.value, digest }
}

function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Failure(exitCodes.usage, `${file} cannot be read: ${why}`)
  }
}
