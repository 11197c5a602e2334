// What the flags of `pratique notify` say, as the API takes it.
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { noticeKinds } from '../../src/notifications/rules/notice.ts'
import { exitCodes, Failure } from '../failure.ts'

export interface RuleFlags {
  readonly events?: readonly string[]
  readonly minSeverity?: string
  readonly unrated?: string
  readonly kev?: boolean
  readonly minEpss?: string
  readonly fixable?: boolean
  readonly changes?: readonly string[]
  readonly repository?: readonly string[]
}

/** The same where a sink is added and where it is changed. */
export function withRuleOptions(command: Command): Command {
  return command
    .option('--events <kind...>', `with spaces between them: ${noticeKinds.join(', ')}`)
    .option('--min-severity <severity>', 'CRITICAL, HIGH, MEDIUM, LOW or INFORMATIONAL')
    .option('--unrated <what>', 'tell findings that nobody has rated, or leave-out')
    .option('--kev', 'only flaws that are known to be exploited')
    .option('--min-epss <score>', 'only flaws at least so likely to be exploited, 0 to 1 (EPSS)')
    .option('--fixable', 'only findings that a newer version mends')
    .option('--changes <change...>', 'NEW, CHANGED, CLOSED')
    .option('--repository <pattern...>', 'whole names, * for any run of characters')
}

/** Undefined where no flag speaks of the rule: then the server's own holds. */
export function ruleOf(flags: RuleFlags): Readonly<Record<string, unknown>> | undefined {
  const rule = defined({
    kinds: flags.events,
    minSeverity: flags.minSeverity?.toUpperCase(),
    unrated: flags.unrated,
    kevOnly: flags.kev,
    minEpss: flags.minEpss === undefined ? undefined : Number(flags.minEpss),
    fixableOnly: flags.fixable,
    changes: flags.changes?.map((change) => change.toUpperCase()),
    repositories: flags.repository,
  })
  return Object.keys(rule).length === 0 ? undefined : rule
}

export interface AddressFlags {
  readonly kind: string
  readonly url?: string
  readonly urlFile?: string
  readonly form?: string
  readonly host?: string
  readonly port?: string
  readonly security?: string
  readonly user?: string
  readonly passwordFile?: string
  readonly from?: string
  readonly to?: readonly string[]
  readonly caBundle?: string
}

/** What is secret may come from a file, so that it is in no list of processes and no history. */
export async function addressOf(flags: AddressFlags): Promise<Readonly<Record<string, unknown>>> {
  const caBundle = await textIn(flags.caBundle)
  if (flags.kind !== 'smtp') {
    const url = flags.url ?? (await textIn(flags.urlFile))?.trim()
    return defined({ kind: flags.kind, url, form: flags.form, caBundle })
  }
  const { host, security, user, from, to } = flags
  const password = (await textIn(flags.passwordFile))?.replace(/\r?\n$/, '')
  const port = flags.port === undefined ? undefined : Number(flags.port)
  return {
    kind: 'smtp',
    smtp: defined({ host, port, security, user, password, from, to, caBundle }),
  }
}

async function textIn(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new Failure(exitCodes.usage, `${file} cannot be read`, undefined, { cause: error })
  }
}

export function defined(
  members: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
