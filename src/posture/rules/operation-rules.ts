// Purpose:  is the registry itself run as it should be: data, exemptions, ways in and out, backups, the log?
// Spec:     our own (docs/posture.md).
// Input:    what the registry tells of itself; a registry that AWS runs has no such parts, which is not the same as passing.
// Deviates: nothing.
// Unknowns: what may not be asked. Whether a backup was ever restored leaves no record; the words say so.
import type { PostureEvidence, PullThroughEvidence } from './evidence.ts'
import { dayMs, daysSince, fail, fewOf, judged, pass, unknown, whenTold } from './per-resource.ts'
import type { Judgement, PostureRule, Seen } from './posture-rule.ts'
import { ecrGuide } from './repository-rules.ts'

const pullThrough = [`${ecrGuide}/pull-through-cache.html`]

export const operationRules: readonly PostureRule[] = [
  {
    id: 'REG-025',
    title: 'Exemptions have an owner, and end within a year',
    severity: 'medium',
    why: 'An exemption that nobody has to renew outlives its reason.',
    evidence: ['pratique:DescribeSuppressions'],
    judge: ({ exemptions, now }) =>
      whenTold(exemptions, (all) =>
        judged(
          all.map(({ name, owner, until }) => {
            const rest = { resource: name, values: { name } }
            if (owner === '') return { ...fail('has no owner'), ...rest }
            if (until === undefined) return { ...fail('has no end'), ...rest }
            if (until <= now)
              return {
                ...fail(`ended ${daysSince(until, now)} days ago and is still there`),
                ...rest,
              }
            const isLong = until - now > 366 * dayMs
            return isLong
              ? { ...fail(`lasts ${daysSince(now, until)} days`), ...rest }
              : { ...pass(`ends in ${daysSince(now, until)} days`), ...rest }
          }),
          'there are no exemptions',
        ),
      ),
    remedy: 'pratique suppressions apply suppressions.yaml',
    equivalents: [],
    references: [],
  },
  {
    id: 'REG-026',
    title: 'Vulnerability data is younger than 48 hours, and no feed fails',
    severity: 'high',
    why: 'Old data does not know of the flaws that are being exploited this week.',
    evidence: ['pratique:DescribeAdvisories'],
    judge: judgeData,
    remedy: 'pratique db update',
    equivalents: [],
    references: [],
  },
  {
    id: 'REG-031',
    title: 'Replication and pull-through are with known registries, by TLS',
    severity: 'high',
    why: 'Images come from, or go to, a place that nobody decided on.',
    evidence: ['ecr:DescribePullThroughCacheRules', 'ecr:DescribeRegistry'],
    judge: judgeFlows,
    remedy: 'aws ecr delete-pull-through-cache-rule --ecr-repository-prefix {prefix}',
    equivalents: [],
    references: pullThrough,
  },
  {
    id: 'REG-032',
    title: 'Credentials of pull-through upstreams work',
    severity: 'medium',
    why: 'With them gone the cache serves what is old, and nothing new.',
    evidence: ['ecr:DescribePullThroughCacheRules', 'ecr:ValidatePullThroughCacheRule'],
    judge: ({ pullThrough: rules }) =>
      whenTold(rules, (all) =>
        judged(
          all.flatMap(({ prefix, credentials }) => {
            const rest = { resource: prefix, values: { prefix } }
            if (credentials === undefined) return []
            if (credentials.kind !== 'told')
              return [
                {
                  ...unknown(
                    credentials.why,
                    'action' in credentials ? credentials.action : undefined,
                  ),
                  ...rest,
                },
              ]
            const { isValid, words } = credentials.value
            return [{ ...(isValid ? pass('its credentials work') : fail(words)), ...rest }]
          }),
          'no upstream has credentials',
        ),
      ),
    remedy:
      'aws ecr update-pull-through-cache-rule --ecr-repository-prefix {prefix} --credential-arn ARN',
    equivalents: [],
    references: pullThrough,
  },
  {
    id: 'REG-033',
    title: 'Clients reach the registry by TLS',
    severity: 'critical',
    why: 'Without it everybody on the way reads the credentials and changes the images.',
    evidence: [],
    judge: ({ address }) =>
      whenTold(address, (url) => ({
        kind: 'judged',
        seen: [{ ...judgeAddress(url), resource: url, values: {} }],
      })),
    remedy: 'pratique serve --url https://REGISTRY',
    equivalents: [],
    references: [],
  },
  {
    id: 'REG-034',
    title: 'A backup was made within a day',
    severity: 'high',
    why: 'A disk that dies takes all images and all that is known of them.',
    evidence: ['pratique:SearchAuditLog'],
    judge: ({ lastBackup, now }) =>
      whenTold(lastBackup, (at) => ({
        kind: 'judged',
        seen: [{ ...judgeBackup(at, now), resource: 'backup', values: {} }],
      })),
    remedy: 'pratique backup /backups/registry.tar',
    equivalents: [],
    references: [],
  },
  {
    id: 'REG-035',
    title: 'The chain of the audit log is intact, and it is exported',
    severity: 'high',
    why: 'A log that can be changed without a trace proves nothing.',
    evidence: ['pratique:VerifyAuditLog', 'pratique:SearchAuditLog'],
    judge: judgeLog,
    remedy: 'pratique audit-log export audit.ndjson',
    equivalents: [],
    references: [],
  },
]

const oldestDataMs = 48 * 3_600_000

function judgeData({ data, now }: PostureEvidence): Judgement {
  return whenTold(data, ({ updatedAt, failing }) => {
    const hours = updatedAt === undefined ? undefined : Math.floor((now - updatedAt) / 3_600_000)
    const age =
      hours === undefined
        ? fail('was never updated')
        : hours * 3_600_000 >= oldestDataMs
          ? fail(`is ${hours > 96 ? `${Math.floor(hours / 24)} days` : `${hours} hours`} old`)
          : pass(`is ${hours} hours old`)
    return {
      kind: 'judged',
      seen: [
        { ...age, resource: 'vulnerability data', values: {} },
        ...failing.map(({ feed, words }) => ({
          ...fail(`fails: ${words}`),
          resource: feed,
          values: { feed },
        })),
      ],
    }
  })
}

/** Registries that ECR itself takes as upstreams. */
const usualUpstreams = [
  'public.ecr.aws',
  'registry-1.docker.io',
  'registry.k8s.io',
  'quay.io',
  'ghcr.io',
  'registry.gitlab.com',
]

function judgeFlows(evidence: PostureEvidence): Judgement {
  const { account, replication, expectations } = evidence
  if (evidence.pullThrough.kind === 'unknown') return evidence.pullThrough
  if (replication.kind === 'unknown') return replication
  const upstreams = evidence.pullThrough.kind === 'told' ? evidence.pullThrough.value : []
  const targets = replication.kind === 'told' ? replication.value : []
  const known = new Set([
    ...expectations.accounts,
    ...(account.kind === 'told' ? [account.value] : []),
  ])
  const copies = targets.map((target): Seen => {
    const resource = `replication to ${target.account} ${target.region}`
    return {
      ...(known.has(target.account)
        ? pass('goes to a known account')
        : fail('goes to an account that the rules file does not list')),
      resource,
      values: { prefix: '' },
    }
  })
  return judged(
    [...upstreams.map((one) => judgeUpstream(one, expectations.upstreams)), ...copies],
    'nothing is fetched or copied',
  )
}

function judgeUpstream({ prefix, upstream }: PullThroughEvidence, listed: readonly string[]): Seen {
  const rest = { resource: prefix, values: { prefix } }
  if (/^http:\/\//i.test(upstream)) return { ...fail(`${upstream} is asked without TLS`), ...rest }
  const host = upstream.replace(/^https:\/\//i, '').replace(/\/.*$/, '')
  const allowed = listed.length === 0 ? usualUpstreams : listed
  const isKnown =
    allowed.includes(host) ||
    (listed.length === 0 && /\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com$|\.azurecr\.io$/.test(host))
  return isKnown
    ? { ...pass(`fetches from ${host}`), ...rest }
    : { ...fail(`fetches from ${host}, which is not allowed`), ...rest }
}

function judgeAddress(url: string): ReturnType<typeof pass> {
  if (!URL.canParse(url)) return unknown('is no address')
  const { protocol, hostname } = new URL(url)
  if (protocol === 'https:') return pass('is reached by TLS; which version is not looked at')
  const isLoopback = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)
  return isLoopback
    ? pass('is reached from this machine alone by this address')
    : fail('is reached without TLS')
}

function judgeBackup(at: number | undefined, now: number): ReturnType<typeof pass> {
  if (at === undefined) return fail('the audit log tells of none')
  const hours = Math.floor((now - at) / 3_600_000)
  const words = `the last one was made ${hours} hours ago`
  return hours > 24 ? fail(words) : pass(`${words}; whether one was ever restored leaves no record`)
}

const exportDays = 30

function judgeLog({ chain, lastLogExport, now }: PostureEvidence): Judgement {
  if (chain.kind === 'not-applicable') return chain
  const looks: readonly Seen[] = [
    {
      ...(chain.kind === 'told'
        ? chain.value.isIntact
          ? pass(chain.value.words)
          : fail(chain.value.words)
        : unknown(chain.why, chain.action)),
      resource: 'chain',
      values: {},
    },
    {
      ...(lastLogExport.kind === 'told'
        ? judgeExport(lastLogExport.value, now)
        : unknown(lastLogExport.why, 'action' in lastLogExport ? lastLogExport.action : undefined)),
      resource: 'export',
      values: {},
    },
  ]
  return { kind: 'judged', seen: looks }
}

function judgeExport(at: number | undefined, now: number): ReturnType<typeof pass> {
  const days = at === undefined ? undefined : daysSince(at, now)
  if (days === undefined)
    return fail(
      `nobody exported the log: ${fewOf(['whoever can delete its directory can delete it'])}`,
    )
  return days > exportDays
    ? fail(`the last export is ${days} days old`)
    : pass(`was exported ${days} days ago`)
}
