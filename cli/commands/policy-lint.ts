// Looks at policies in files. It needs no server: the rules are those of the server itself, and they have no world of their own.
import { readFileSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { parseAccountId, type AccountId } from '../../src/policy/account-id.ts'
import { parseArn } from '../../src/policy/arn.ts'
import type { PolicyKind } from '../../src/policy/document.ts'
import type { PolicyFinding, Severity } from '../../src/policy/lint/finding.ts'
import { guessKind } from '../../src/policy/lint/guess-kind.ts'
import { lintPolicy } from '../../src/policy/lint/lint-policy.ts'
import { exitCodes, Failure } from '../failure.ts'
import { say, visible } from '../output.ts'

interface LintFlags {
  readonly kind?: PolicyKind
  readonly account?: AccountId
  readonly repository?: string
  readonly output: 'text' | 'json'
}

interface LintedFile {
  readonly file: string
  readonly kind: PolicyKind
  readonly findings: readonly PolicyFinding[]
}

const kinds = [
  'identity',
  'session',
  'repository',
  'registry',
  'trust',
  'scp',
  'rcp',
] satisfies readonly PolicyKind[]

const help = `
Examples:
  pratique policy lint repository-policy.json
  pratique policy lint --kind trust --account 123456789012 roles/*.json
  aws ecr get-repository-policy --repository-name team/app --query policyText --output text | pratique policy lint -

Without --kind a policy is taken for one of an identity when it names no principals, for a trust policy when it names
operations of STS, else for one of a repository. Every finding and its remedy: docs/policy-lint.md.

Exit codes: 0 nothing found, or warnings and suggestions alone; 3 an error or a security warning; 2 wrong usage;
1 a file cannot be read.`

export function policyLintCommand(policy: Command): void {
  policy
    .command('lint')
    .argument('<file...>', 'policies in JSON; - reads from standard input')
    .description(
      'What is wrong, dangerous, useless or not portable in these policies? Asks no server.',
    )
    .addOption(new Option('--kind <kind>', 'where the policy is put').choices(kinds))
    .option('--account <id>', 'whose the policy is, so that others are told apart', account)
    .option('--repository <arn>', 'the repository that a repository policy is for', repository)
    .addOption(
      new Option('--output <format>', 'form of the answer')
        .choices(['text', 'json'])
        .default('text'),
    )
    .addHelpText('after', help)
    .action(lint)
}

function account(text: string): AccountId {
  const id = parseAccountId(text)
  if (id === undefined) throw new InvalidArgumentError('an account is twelve digits')
  return id
}

function repository(text: string): string {
  const isRepository = parseArn(text)?.resource.startsWith('repository/') === true
  if (isRepository) return text
  throw new InvalidArgumentError('write arn:aws:ecr:REGION:ACCOUNT:repository/NAME')
}

async function lint(files: readonly string[], flags: LintFlags): Promise<void> {
  const linted: LintedFile[] = []
  for (const file of files) linted.push(lintText(file, await read(file), flags))
  say(flags.output === 'json' ? renderJson(linted) : renderText(linted))
  const isGrave = linted.some(({ findings }) => findings.some(({ severity }) => weighs(severity)))
  process.exitCode = isGrave ? exitCodes.no : exitCodes.ok
}

function weighs(severity: Severity): boolean {
  return severity === 'ERROR' || severity === 'SECURITY_WARNING'
}

async function read(file: string): Promise<string> {
  if (file === '-') return (await buffer(process.stdin)).toString()
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Failure(exitCodes.error, `${file} cannot be read: ${why}`, undefined, {
      cause: error,
    })
  }
}

function lintText(file: string, text: string, flags: LintFlags): LintedFile {
  const kind = flags.kind ?? guessKind(text)
  const findings = lintPolicy(text, kind, {
    ...(flags.account === undefined ? {} : { account: flags.account }),
    ...(flags.repository === undefined ? {} : { repositoryArn: flags.repository }),
  })
  return { file, kind, findings }
}

/** `FILE:LINE:COLUMN`, as editors read it; then what is the matter, then what to do. */
function renderText(files: readonly LintedFile[]): string {
  const lines = files.flatMap(({ file, kind, findings }) => {
    const count = findings.length === 1 ? 'one finding' : `${findings.length} findings`
    return [
      ...findings.flatMap(({ code, severity, message, remedy, at }) => [
        `${file}:${at.line}:${at.column} ${severity} ${code}`,
        `  ${message}`,
        `  ${remedy}`,
      ]),
      `${file}: ${findings.length === 0 ? 'nothing found' : count}, read as a policy of the kind ${kind}`,
    ]
  })
  return lines.map(visible).join('\n')
}

/** The words of IAM Access Analyzer's ValidatePolicy. */
function renderJson(files: readonly LintedFile[]): string {
  const policies = files.map(({ file, kind, findings }) => ({
    file,
    kind,
    findings: findings.map(({ code, severity, message, remedy, at }) => ({
      findingType: severity,
      issueCode: code,
      findingDetails: message,
      remedy,
      locations: [at],
    })),
  }))
  return JSON.stringify({ schema: 'pratique.policy-lint/1', policies }, undefined, 2)
}
