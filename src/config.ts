// Settings: flags, then the environment (PRATIQUE_*), then pratique.yaml, then defaults. The only reader of the environment.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import { admissionFrom, admissionSettings, type AdmissionSetting } from './admission-setting.ts'
import { auditFrom, auditSettings, type AuditSetting } from './audit-setting.ts'
import { feedSettings, feedsFrom, type FeedSetting } from './feed-setting.ts'
import { nearest } from './lib/nearest.ts'
import { masterKeyFrom, masterKeySettings, type MasterKeySetting } from './master-key-setting.ts'
import {
  notificationsFrom,
  notificationSettings,
  type NotificationSetting,
} from './notification-setting.ts'
import { parseAccountId, type AccountId } from './policy/account-id.ts'

export { secretVariables } from './master-key-setting.ts'
import {
  oneOf,
  parseListen,
  parseOrganization,
  parseRegion,
  parseUrl,
  wholeBetween,
} from './setting-values.ts'
import { trustFrom, trustSettings, type TrustSetting } from './trust-setting.ts'

export interface Config {
  /** Absolute. */
  readonly dataDirectory: string
  /** Port 0 picks a free one. */
  readonly listen: { readonly host: string; readonly port: number }
  /** What clients are told; by default the address listened on. */
  readonly url: string | undefined
  readonly account: AccountId
  readonly region: string
  /** The organisation that all accounts here belong to, as policies ask for it; undefined for none. */
  readonly organization: string | undefined
  /** What a repository gets where its maker says nothing: Pratique's safe values or AWS's. */
  readonly defaults: 'secure' | 'aws'
  /** Whether callers without credentials may pull what a repository's policy opens to everybody. */
  readonly anonymousPull: 'off' | 'on'
  /** What HEAD answers to those who may push to a repository but not look into it. */
  readonly deniedHead: 403 | 404
  readonly log: 'auto' | 'json' | 'pretty' | 'silent'
  readonly feeds: FeedSetting
  /** Vulnerability data older than this is stale, in hours. */
  readonly staleAfterHours: number
  /** Worker threads that read layers. */
  readonly scanWorkers: number
  /** How long a blob stays that no manifest needs, in hours. */
  readonly gcGraceHours: number
  /** Time between two collections, in minutes. */
  readonly gcEveryMinutes: number
  /** Manifests that nothing names go after so many days; undefined for never. */
  readonly gcUntaggedAfterDays: number | undefined
  /** Bytes of the disk that uploads leave free; auto for the smaller of a twentieth of it and 2 GiB. */
  readonly minFreeBytes: number | 'auto'
  /** How far a signer's clock may be off, in minutes; auto for AWS's own: 5 at ECR, 15 at the other services. */
  readonly clockSkewMinutes: number | 'auto'
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  /** Uploads that one principal may have in hand. */
  readonly maxOpenUploads: number
  /** For how long a transfer may stand still at its client, in seconds. */
  readonly stallSeconds: number
  readonly admission: AdmissionSetting
  readonly audit: AuditSetting
  readonly masterKey: MasterKeySetting
  readonly notifications: NotificationSetting
  readonly trust: TrustSetting
  /** Public keys whose signatures count on VEX documents beside images; undefined: none are believed. */
  readonly vexKeysFile: string | undefined
  /** Public keys whose signatures count on bundles of vulnerability data; undefined: only this server's own. */
  readonly bundleKeysFile: string | undefined
  /** For how long records and matches that are not in force any more are kept, in days. */
  readonly advisoryHistoryDays: number
}

export type ConfigResult =
  | { readonly kind: 'config'; readonly config: Config; readonly origins: Origins }
  | { readonly kind: 'problems'; readonly problems: readonly string[] }

/** Where each setting's value came from. */
type Origins = Readonly<Record<SettingName, 'flag' | 'environment' | 'pratique.yaml' | 'default'>>

export interface ConfigSources {
  readonly flags: Readonly<Record<string, string | undefined>>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Where pratique.yaml is looked for and relative paths start. */
  readonly cwd: string
}

interface Setting {
  readonly environment: string
  readonly fallback: string
  readonly says: string
}

/** Every setting: its variable, its default, and one sentence. In pratique.yaml and as a flag it has the key's name. */
export const settings = {
  data: {
    environment: 'PRATIQUE_DATA',
    fallback: './data',
    says: 'directory that holds everything: database, blobs, keys',
  },
  listen: {
    environment: 'PRATIQUE_LISTEN',
    fallback: '127.0.0.1:5080',
    says: 'HOST:PORT to listen on; port 0 picks a free one',
  },
  url: {
    environment: 'PRATIQUE_URL',
    fallback: '',
    says: 'address that clients are told, when it is not the one listened on',
  },
  account: {
    environment: 'PRATIQUE_ACCOUNT',
    fallback: '123456789012',
    says: 'account id, 12 digits, of the default account',
  },
  region: {
    environment: 'PRATIQUE_REGION',
    fallback: 'us-east-1',
    says: 'AWS region that this registry answers as',
  },
  organization: {
    environment: 'PRATIQUE_ORGANIZATION',
    fallback: '',
    says: 'id of the organisation that all accounts here belong to (o-…), for policies with aws:PrincipalOrgID',
  },
  defaults: {
    environment: 'PRATIQUE_DEFAULTS',
    fallback: 'secure',
    says: 'secure (immutable tags, scan on push) or aws (mutable tags, no scan on push)',
  },
  anonymousPull: {
    environment: 'PRATIQUE_ANONYMOUS_PULL',
    fallback: 'off',
    says: 'on lets those without credentials pull what a repository policy opens to everybody; off answers 401',
  },
  deniedHead: {
    environment: 'PRATIQUE_DENIED_HEAD',
    fallback: '403',
    says: '403 as AWS answers, or 404, so that those who may push but not look can push',
  },
  log: {
    environment: 'PRATIQUE_LOG',
    fallback: 'auto',
    says: 'json, pretty, silent, or auto (pretty on a terminal)',
  },
  ...feedSettings,
  staleAfterHours: {
    environment: 'PRATIQUE_STALE_AFTER_HOURS',
    fallback: '48',
    says: 'hours after which vulnerability data counts as stale',
  },
  scanWorkers: {
    environment: 'PRATIQUE_SCAN_WORKERS',
    fallback: '1',
    says: 'worker threads that read layers, 1 to 64',
  },
  gcGraceHours: {
    environment: 'PRATIQUE_GC_GRACE_HOURS',
    fallback: '24',
    says: 'hours for which a blob stays that no manifest needs',
  },
  gcEveryMinutes: {
    environment: 'PRATIQUE_GC_EVERY_MINUTES',
    fallback: '60',
    says: 'minutes between two collections of what nothing needs',
  },
  gcUntaggedAfterDays: {
    environment: 'PRATIQUE_GC_UNTAGGED_AFTER_DAYS',
    fallback: 'never',
    says: 'days after which manifests go that no tag, index or subject keeps, or never',
  },
  maxConnections: {
    environment: 'PRATIQUE_MAX_CONNECTIONS',
    fallback: '10000',
    says: 'connections at a time, at most half of the open files that the system allows; more are refused with 503',
  },
  maxConnectionsPerAddress: {
    environment: 'PRATIQUE_MAX_CONNECTIONS_PER_ADDRESS',
    fallback: '1000',
    says: 'connections of one client address; behind a proxy, which is one, set it to all',
  },
  maxOpenUploads: {
    environment: 'PRATIQUE_MAX_OPEN_UPLOADS',
    fallback: '1000',
    says: 'uploads that one user may have in hand; more are refused with 429',
  },
  stallSeconds: {
    environment: 'PRATIQUE_STALL_SECONDS',
    fallback: '60',
    says: 'seconds for which a transfer may stand still, five times as many after it moved much',
  },
  clockSkewMinutes: {
    environment: 'PRATIQUE_CLOCK_SKEW_MINUTES',
    fallback: 'auto',
    says: "minutes, 1 to 15, by which a signer's clock may be off, or auto (5 at ECR; 15 at STS, IAM and CloudTrail)",
  },
  ...auditSettings,
  ...admissionSettings,
  minFreeMib: {
    environment: 'PRATIQUE_MIN_FREE_MIB',
    fallback: 'auto',
    says: 'MiB of the disk that uploads leave free, or auto (the smaller of 5 % of it and 2048)',
  },
  ...notificationSettings,
  ...trustSettings,
  vexKeys: {
    environment: 'PRATIQUE_VEX_KEYS',
    fallback: '',
    says: 'file of public keys (PEM) whose signatures count on VEX documents pushed beside images',
  },
  bundleKeys: {
    environment: 'PRATIQUE_BUNDLE_KEYS',
    fallback: '',
    says: 'file of public keys (PEM, Ed25519) whose signatures count on bundles of vulnerability data',
  },
  advisoryHistoryDays: {
    environment: 'PRATIQUE_ADVISORY_HISTORY_DAYS',
    fallback: '400',
    says: 'days for which vulnerability data that is not in force any more is kept, 1 to 3650',
  },
  ...masterKeySettings,
} as const satisfies Record<string, Setting>

type SettingName = keyof typeof settings

const settingNames = Object.keys(settings).filter((name): name is SettingName => name in settings)
/** Names with the prefix that belong to the tests and not to the server. */
const foreignVariables = /^PRATIQUE_(?:TEST|FUZZ)_/

/** One configuration, or every problem found. */
export function readConfig(sources: ConfigSources): ConfigResult {
  const problems: string[] = []
  const file = readSettingsFile(sources.cwd, problems)
  refuseUnknown(sources, file, problems)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one entry for each name
  const values = Object.fromEntries(
    settingNames.map((name) => [name, valueOf(name, sources, file)]),
  ) as Record<SettingName, Chosen>
  const config = buildConfig(values, sources, problems)
  if (problems.length > 0) return { kind: 'problems', problems }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one entry for each name
  const origins = Object.fromEntries(
    settingNames.map((name) => [name, values[name].origin]),
  ) as Origins
  return { kind: 'config', config, origins }
}

interface Chosen {
  readonly text: string
  readonly origin: Origins[SettingName]
}

function valueOf(
  name: SettingName,
  sources: ConfigSources,
  file: Readonly<Record<string, string>>,
): Chosen {
  const flag = sources.flags[name]
  if (flag !== undefined) return { text: flag, origin: 'flag' }
  const variable = sources.environment[settings[name].environment]
  if (variable !== undefined && variable !== '') return { text: variable, origin: 'environment' }
  const inFile = file[name]
  if (inFile !== undefined) return { text: inFile, origin: 'pratique.yaml' }
  return { text: settings[name].fallback, origin: 'default' }
}

function readSettingsFile(cwd: string, problems: string[]): Readonly<Record<string, string>> {
  let content: string
  try {
    content = readFileSync(join(cwd, 'pratique.yaml'), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
    problems.push(`pratique.yaml cannot be read: ${messageOf(error)}`)
    return {}
  }
  try {
    // Every scalar as it is written: an account id may begin with 0, which a number would lose.
    const document = parseDocument(content, { schema: 'failsafe' })
    // What the parser only warns of (an unknown tag, an ambiguous alias) may mean something else to who wrote it.
    const [fault] = [...document.errors, ...document.warnings]
    if (fault !== undefined) throw fault
    const parsed: unknown = document.toJS({ maxAliasCount: 0 })
    if (parsed === null) return {}
    if (typeof parsed === 'object' && !Array.isArray(parsed)) return textValues(parsed, problems)
    problems.push('pratique.yaml: expected lines of the form `setting: value`')
  } catch (error) {
    problems.push(`pratique.yaml is not YAML: ${messageOf(error)}`)
  }
  return {}
}

function textValues(parsed: object, problems: string[]): Readonly<Record<string, string>> {
  const values: (readonly [string, string])[] = []
  for (const [name, value] of Object.entries(parsed)) {
    if (typeof value === 'string') values.push([name, value])
    else problems.push(`pratique.yaml: ${name} is a list or a mapping; expected one value`)
  }
  return Object.fromEntries(values)
}

function refuseUnknown(
  sources: ConfigSources,
  file: Readonly<Record<string, string>>,
  problems: string[],
): void {
  const variables: string[] = settingNames.map((name) => settings[name].environment)
  for (const name of Object.keys(sources.environment)) {
    if (!name.startsWith('PRATIQUE_') || variables.includes(name)) continue
    if (!foreignVariables.test(name)) problems.push(unknownSetting(name, variables))
  }
  for (const name of Object.keys(file)) {
    if (!isSettingName(name)) problems.push(`pratique.yaml: ${unknownSetting(name, settingNames)}`)
  }
}

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settings, name)
}

function unknownSetting(name: string, known: readonly string[]): string {
  const near = nearest(name, known)
  const advice = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`
  return `unknown setting ${name}: ${advice}`
}

function buildConfig(
  values: Record<SettingName, Chosen>,
  { cwd, environment }: ConfigSources,
  problems: string[],
): Config {
  const read = <T>(
    name: SettingName,
    parse: (text: string) => T | undefined,
    expected: string,
    fallback: T,
  ): T => {
    const { text } = values[name]
    const parsed = parse(text)
    if (parsed !== undefined) return parsed
    problems.push(`${settings[name].environment} is ${JSON.stringify(text)}; expected ${expected}`)
    return fallback
  }
  const many = wholeBetween(1, 999_999)
  const whole = 'a whole number from 1 to 999999'
  return {
    dataDirectory: read('data', pathFrom(cwd), 'a directory', ''),
    listen: read('listen', parseListen, 'HOST:PORT, for example 127.0.0.1:5080', {
      host: '',
      port: 0,
    }),
    url: values.url.text === '' ? undefined : read('url', parseUrl, 'an http or https address', ''),
    account: read('account', parseAccountId, '12 digits', fallbackAccount()),
    region: read('region', parseRegion, 'a region such as us-east-1', ''),
    organization:
      values.organization.text === ''
        ? undefined
        : read('organization', parseOrganization, 'o- and 10 to 32 of a-z and 0-9', ''),
    defaults: read('defaults', oneOf('secure', 'aws'), 'secure or aws', 'secure'),
    anonymousPull: read('anonymousPull', oneOf('off', 'on'), 'on or off', 'off'),
    deniedHead: read('deniedHead', oneOf('403', '404'), '403 or 404', '403') === '404' ? 404 : 403,
    log: read(
      'log',
      oneOf('auto', 'json', 'pretty', 'silent'),
      'auto, json, pretty or silent',
      'auto',
    ),
    feeds: feedsFrom(read, environment),
    staleAfterHours: read(
      'staleAfterHours',
      wholeBetween(1, 8760),
      'whole hours from 1 to 8760',
      1,
    ),
    scanWorkers: read('scanWorkers', wholeBetween(1, 64), 'a whole number from 1 to 64', 1),
    gcGraceHours: read('gcGraceHours', wholeBetween(1, 8760), 'whole hours from 1 to 8760', 1),
    gcEveryMinutes: read(
      'gcEveryMinutes',
      wholeBetween(1, 10_080),
      'whole minutes from 1 to 10080',
      1,
    ),
    gcUntaggedAfterDays:
      values.gcUntaggedAfterDays.text === 'never'
        ? undefined
        : read(
            'gcUntaggedAfterDays',
            wholeBetween(1, 3650),
            'whole days from 1 to 3650, or never',
            1,
          ),
    minFreeBytes:
      values.minFreeMib.text === 'auto'
        ? 'auto'
        : read('minFreeMib', wholeBetween(0, 999_999), 'whole MiB up to 999999, or auto', 0) *
          1024 ** 2,
    clockSkewMinutes:
      values.clockSkewMinutes.text === 'auto'
        ? 'auto'
        : read('clockSkewMinutes', wholeBetween(1, 15), 'whole minutes from 1 to 15, or auto', 1),
    maxConnections: read('maxConnections', many, whole, 1),
    maxConnectionsPerAddress: read('maxConnectionsPerAddress', many, whole, 1),
    maxOpenUploads: read('maxOpenUploads', many, whole, 1),
    stallSeconds: read('stallSeconds', wholeBetween(1, 3600), 'whole seconds from 1 to 3600', 1),
    audit: auditFrom(read),
    admission: admissionFrom(read),
    notifications: notificationsFrom(read),
    trust: trustFrom(read),
    vexKeysFile:
      values.vexKeys.text === '' ? undefined : read('vexKeys', pathFrom(cwd), 'a file', ''),
    bundleKeysFile:
      values.bundleKeys.text === '' ? undefined : read('bundleKeys', pathFrom(cwd), 'a file', ''),
    advisoryHistoryDays: read(
      'advisoryHistoryDays',
      wholeBetween(1, 3650),
      'whole days from 1 to 3650',
      1,
    ),
    masterKey: masterKeyFrom((name) => values[name], cwd, problems),
  }
}

/** Stands in for a wrong one while the other problems are gathered. */
function fallbackAccount(): AccountId {
  const account = parseAccountId(settings.account.fallback)
  if (account === undefined) throw new Error('the default account is no account id')
  return account
}

/** Empty text is no path: it would be the one in which the server was started. */
function pathFrom(cwd: string): (text: string) => string | undefined {
  return (text) => (text === '' ? undefined : resolve(cwd, text))
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
