// Holds policies against tables of expectations. It needs no server: the rules are those of the server itself.
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Option, type Command } from 'commander'
import { parseDocument } from 'yaml'
import { readTable, type ExpectationTable } from '../../src/policy/expectations/read-table.ts'
import { testPolicies, type ExpectationResult } from '../../src/policy/policy-test.ts'
import { exitCodes, Failure } from '../failure.ts'
import { say, visible } from '../output.ts'

const help = `
Examples:
  pratique policy test policies/team-app.yaml
  pratique policy test --output json policies/*.yaml

A table names policies (by their paths beside it, or as they are), principals with what is attached to them, and for
each test who does what to which resource, and whether it is to be allowed. Its form, with an example: docs/policies.md.

Exit codes: 0 everything is as expected; 3 something is not; 2 wrong usage; 1 a table or a policy cannot be read.`

const mostBytes = 4 * 1024 * 1024

export function policyTestCommand(policy: Command): void {
  policy
    .command('test')
    .argument('<file...>', 'tables of expectations in YAML')
    .description('Do policies decide as these tables expect? Asks no server.')
    .addOption(
      new Option('--output <format>', 'form of the answer')
        .choices(['text', 'json'])
        .default('text'),
    )
    .addHelpText('after', help)
    .action(testFiles)
}

interface TestedFile {
  readonly file: string
  readonly results: readonly ExpectationResult[]
}

function testFiles(files: readonly string[], flags: { readonly output: 'text' | 'json' }): void {
  const tested = files.map((file) => ({ file, results: testFile(file) }))
  say(flags.output === 'json' ? renderJson(tested) : renderText(tested))
  const isMet = tested.every(({ results }) => results.every((result) => result.isMet))
  process.exitCode = isMet ? exitCodes.ok : exitCodes.no
}

function testFile(file: string): readonly ExpectationResult[] {
  const table = tableOf(file)
  const report = testPolicies(table, textsOf(file, table))
  if (report.kind === 'problems') throw unreadable(file, report.problems)
  return report.results
}

function tableOf(file: string): ExpectationTable {
  const document = parseDocument(read(file))
  if (document.errors.length > 0)
    throw unreadable(
      file,
      document.errors.map(({ message }) => message),
    )
  const given: unknown = document.toJS({ maxAliasCount: 100 })
  const reading = readTable(given)
  if (reading.kind === 'malformed') throw unreadable(file, reading.problems)
  return reading.table
}

/** Paths are beside the table, wherever the command is run. */
function textsOf(file: string, { policies }: ExpectationTable): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(policies).map(([name, policy]) => [
      name,
      typeof policy === 'string' ? read(resolve(dirname(file), policy)) : JSON.stringify(policy),
    ]),
  )
}

function read(file: string): string {
  try {
    const bytes = readFileSync(file)
    if (bytes.length <= mostBytes) return bytes.toString()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Failure(exitCodes.error, `${file} cannot be read: ${why}`, undefined, {
      cause: error,
    })
  }
  throw new Failure(exitCodes.error, `${file} is longer than ${mostBytes} bytes`)
}

function unreadable(file: string, problems: readonly string[]): Failure {
  const lines = problems.map((problem) => `${file}: ${visible(problem)}`)
  return new Failure(exitCodes.error, lines.join('\n'), 'the form is in docs/policies.md')
}

/** What is not as expected, with what decided it; then how many tests there were. */
function renderText(files: readonly TestedFile[]): string {
  const lines = files.flatMap(({ file, results }) => {
    const failed = results.filter(({ isMet }) => !isMet)
    return [
      ...failed.flatMap(({ name, expected, decision, reason }) => [
        `${file}: ${name}: expected ${expected}, got ${decision.kind}`,
        `  ${reason}`,
      ]),
      `${file}: ${results.length - failed.length} of ${results.length} as expected`,
    ]
  })
  return lines.map(visible).join('\n')
}

function renderJson(files: readonly TestedFile[]): string {
  const tables = files.map(({ file, results }) => ({
    file,
    results: results.map(({ decision, ...result }) => ({ ...result, decision: decision.kind })),
  }))
  return JSON.stringify({ schema: 'pratique.policy-test/1', tables }, undefined, 2)
}
