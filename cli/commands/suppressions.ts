import type { Command } from 'commander'
import { digestOf } from '../../src/oci/digest.ts'
import { jsonOf, linesOf } from '../json.ts'
import { formatOption, note, render, renderTable, say, type Format } from '../output.ts'
import { readRuleFile } from '../rule-file.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'

interface Rule {
  readonly number: number
  readonly vulnerabilities: readonly string[]
  readonly package?: string
  readonly image?: string
  readonly path?: string
  readonly reason: string
  readonly owner: string
  readonly until: string
  readonly state: 'in force' | 'ended'
}

interface Changes {
  readonly added: readonly Rule[]
  readonly removed: readonly Rule[]
  readonly kept: number
  readonly ended: number
  readonly isDryRun: boolean
}

const path = '/pratique/v1/suppressions'

export function suppressionsCommand(program: Command): void {
  const suppressions = program
    .command('suppressions')
    .description('Rules by which findings are not counted, each with an owner and an end.')
  suppressions
    .command('list', { isDefault: true })
    .description('The rules of the account, and which of them have ended.')
    .addOption(formatOption())
    .addHelpText('after', '\nExit codes: 0 shown, 1 failed, 4 not allowed.')
    .action(list)
  suppressions
    .command('apply')
    .argument('<file>', 'a list of rules in YAML or JSON')
    .description('Make a file the whole truth of the account’s rules.')
    .option('--dry-run', 'say what it would change, and change nothing')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique suppressions apply suppressions.yaml --dry-run\n\nRules that the file does not have are gone after it: keep it under version control.\n\nExit codes: 0 applied, 1 failed, 2 the file cannot be read, 4 not allowed.',
    )
    .action(apply)
  suppressions
    .command('uses')
    .description('What each rule holds back in all scanned images, and which hold back nothing.')
    .addOption(formatOption())
    .addHelpText('after', '\nExit codes: 0 shown, 1 failed, 4 not allowed.')
    .action(uses)
}

async function list({ output }: { readonly output: Format }): Promise<void> {
  const answer = await callServer(openSession(configOf({})), 'GET', path)
  const listed = await jsonOf<{ readonly rules: readonly Rule[] }>(answer)
  const header = ['RULE', 'STATE', 'UNTIL', 'VULNERABILITY', 'WHERE', 'OWNER', 'REASON']
  say(render(output, listed, () => renderTable(header, listed.rules.map(rowOf))))
}

function rowOf(rule: Rule): readonly string[] {
  const { number, state, until, vulnerabilities, owner, reason } = rule
  const shown = state === 'ended' ? `ended on ${until}` : state
  return [String(number), shown, until, vulnerabilities.join(' '), placeOf(rule), owner, reason]
}

function placeOf({ package: named, image, path: file }: Rule): string {
  const parts = [named, image, file].filter((part) => part !== undefined)
  return parts.length === 0 ? 'everywhere' : parts.join(' ')
}

async function apply(
  file: string,
  { dryRun, output }: { readonly dryRun?: true; readonly output: Format },
): Promise<void> {
  const { text } = readRuleFile(file)
  const body = { stream: new Blob([text]).stream(), type: 'application/yaml' }
  // Stated, so that the audit log says which file it was.
  const query = new URLSearchParams({ digest: digestOf(Buffer.from(text)) })
  if (dryRun === true) query.set('dry-run', 'true')
  const url = `${path}?${query.toString()}`
  const answer = await callServer(openSession(configOf({})), 'POST', url, body)
  const changes = await jsonOf<Changes>(answer)
  say(render(output, changes, () => renderChanges(changes)))
}

function renderChanges({ added, removed, kept, ended, isDryRun }: Changes): string {
  const counts = `${added.length} added, ${removed.length} removed, ${kept} kept`
  return [
    ...removed.map((rule) => changeOf('-', rule)),
    ...added.map((rule) => changeOf('+', rule)),
    ...(ended === 0 ? [] : [`${ended} of the rules have ended and have no effect`]),
    isDryRun ? `${counts} if it were applied` : counts,
  ].join('\n')
}

function changeOf(sign: string, rule: Rule): string {
  const { vulnerabilities, until, owner, reason } = rule
  return `${sign} ${vulnerabilities.join(' ')}  ${placeOf(rule)}  until ${until}  ${owner}: ${reason}`
}

interface Use extends Rule {
  readonly kind: 'rule'
  readonly findings: number
  readonly images: number
}

async function uses({ output }: { readonly output: Format }): Promise<void> {
  const answer = await callServer(openSession(configOf({})), 'GET', `${path}/uses`)
  const rules: Use[] = []
  for await (const line of linesOf<Use | { readonly kind: 'progress'; readonly images: number }>(
    answer,
  )) {
    if (line.kind === 'rule') rules.push(line)
    else note(`${line.images} images`)
  }
  const header = ['RULE', 'HOLDS BACK', 'VULNERABILITY', 'WHERE', 'OWNER', 'REASON']
  const rows = rules.map((rule) => [
    String(rule.number),
    useOf(rule),
    rule.vulnerabilities.join(' '),
    placeOf(rule),
    rule.owner,
    rule.reason,
  ])
  say(render(output, { rules }, () => renderTable(header, rows)))
}

function useOf({ state, until, findings, images }: Use): string {
  const what = findings === 0 ? 'unused' : `${findings} findings in ${images} images`
  if (state === 'in force') return what
  return findings === 0 ? `ended on ${until}` : `ended on ${until}: ${what} count again`
}
