import { appendFileSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { Option, type Command } from 'commander'
import { runningCommands, type Report } from './cluster-running.ts'
import { clusterManifests, type ClusterAddress } from '../cluster/manifests.ts'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf } from '../json.ts'
import { formatOption, note, render, renderTable, say, type Format } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'

const path = '/pratique/v1/admission/clusters'

export function clusterCommand(program: Command): void {
  const cluster = program
    .command('cluster')
    .description('Clusters that ask whether their pods may run, each with an address of its own.')
  addCommand(cluster)
  runningCommands(cluster)
  cluster
    .command('list', { isDefault: true })
    .description('The clusters of the account.')
    .addOption(formatOption())
    .addHelpText('after', '\nExit codes: 0 shown, 1 failed, 4 not allowed.')
    .action(list)
  cluster
    .command('delete')
    .argument('<name>')
    .description('Nothing is answered under its address any more: take its webhooks away first.')
    .addHelpText('after', '\nExit codes: 0 deleted, 1 failed, 4 not allowed, 5 there is none.')
    .action(remove)
  cluster
    .command('check')
    .argument('<name>')
    .addOption(formatOption())
    .description('What keeps a cluster from being answered, or from being protected?')
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing, 1 failed, 3 something does, 4 not allowed, 5 there is no such cluster.',
    )
    .action(check)
}

function many(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

function addCommand(cluster: Command): void {
  cluster
    .command('add')
    .argument('<name>')
    .description('Register a cluster, and write what it needs to ask. Its token is told only here.')
    .option('--address <url>', 'https address by which the cluster reaches the server')
    .option('--service <namespace/name:port>', 'the service in the cluster instead')
    .option('--host <host>', 'another name by which its nodes pull; may be repeated', many)
    .option('--platform <platform>', 'of an index judge only this; may be repeated', many)
    .option(
      '--bind <pattern=policies>',
      'policies, parted by commas, of namespaces; may be repeated',
      many,
    )
    .option('--exempt-namespace <name>', 'of which nothing is asked; may be repeated', many)
    .option('--enforce', 'nothing runs while the server does not answer')
    .option('--gatekeeper', 'with Provider objects, which only a cluster with Gatekeeper takes')
    .addOption(
      new Option('--without-policy <means>', 'an image that no policy is about')
        .choices(['deny', 'allow'])
        .default('deny'),
    )
    .addOption(
      new Option('--controllers <means>', 'a denial of what makes pods')
        .choices(['warn', 'enforce', 'off'])
        .default('warn'),
    )
    .addOption(
      new Option('--pin <what>', 'where tags are replaced by digests')
        .choices(['pods', 'all', 'off'])
        .default('pods'),
    )
    .option('--manifests <file>', 'where to write them; - for the output', '-')
    .addHelpText(
      'after',
      '\nExample:\n  pratique cluster add prod --service pratique/pratique:5443 --manifests prod-cluster.yaml\n  kubectl apply -f prod-cluster.yaml\n\nWithout --enforce the webhooks let through what they cannot ask about: look at the warnings first.\nThe manifests hold the token.\n\nExit codes: 0 registered, 1 failed, 2 wrong usage, 4 not allowed.',
    )
    .action(add)
}

interface AddFlags {
  readonly address?: string
  readonly service?: string
  readonly host?: readonly string[]
  readonly platform?: readonly string[]
  readonly bind?: readonly string[]
  readonly exemptNamespace?: readonly string[]
  readonly enforce?: true
  readonly gatekeeper?: true
  readonly withoutPolicy: string
  readonly controllers: string
  readonly pin: string
  readonly manifests: string
}

interface Registered {
  readonly cluster: { readonly id: string; readonly name: string }
  readonly path: string
  readonly address: string | null
  readonly caBundle: string
}

async function add(name: string, flags: AddFlags): Promise<void> {
  const given = addressIn(flags)
  const isNewFile = flags.manifests !== '-' && !existsSync(flags.manifests)
  // kubectl refuses an empty file, and says nothing of why it is empty.
  const leaveNoFile = (): void => {
    if (isNewFile) rmSync(flags.manifests, { force: true })
  }
  assertWritable(flags.manifests)
  const asked = {
    name,
    hosts: flags.host ?? [],
    platforms: flags.platform ?? [],
    withoutPolicy: flags.withoutPolicy,
    controllers: flags.controllers,
    pin: flags.pin,
    bindings: (flags.bind ?? []).map(bindingIn),
  }
  const body = { stream: new Blob([JSON.stringify(asked)]).stream(), type: 'application/json' }
  const answer = await callServer(openSession(configOf({})), 'POST', path, body).catch(
    (error: unknown) => {
      leaveNoFile()
      throw error
    },
  )
  const { cluster, caBundle, address, path: place } = await jsonOf<Registered>(answer)
  const at = given ?? (address === null ? undefined : ({ kind: 'url', url: address } as const))
  if (at === undefined) {
    leaveNoFile()
    tellWithoutDoor(cluster.name, place)
    return
  }
  const manifests = clusterManifests(
    { path: place, caBundle, at },
    {
      isEnforced: flags.enforce === true,
      pinsTags: flags.pin !== 'off',
      withGatekeeper: flags.gatekeeper === true,
      exemptNamespaces: [
        ...(at.kind === 'service' ? [at.namespace] : []),
        ...(flags.exemptNamespace ?? []),
      ],
    },
  )
  if (flags.manifests === '-') say(manifests.trimEnd())
  else writeFileSync(flags.manifests, manifests, { mode: 0o600 })
  const file = flags.manifests === '-' ? 'FILE' : flags.manifests
  note(`cluster ${cluster.name} is registered; apply the manifests: kubectl apply -f ${file}`)
  note('they hold its token, which is not told again')
}

/** A host that only reports needs no manifests; a cluster that is to ask has no address to ask at. */
function tellWithoutDoor(name: string, place: string): void {
  note(`cluster ${name} is registered; its path, which is not told again, is ${place}`)
  note('it can report what it runs: pratique cluster report')
  note(
    `no manifests were written: the server listens for no clusters by TLS. To have it ask: pratique cluster delete ${name}, then set PRATIQUE_ADMISSION_LISTEN, or add it with --address`,
  )
}

/** Before anything is registered: the token is not told again. */
function assertWritable(file: string): void {
  if (file === '-') return
  if (basename(file) === 'pratique.yaml')
    throw new Failure(exitCodes.usage, `${file} is where settings are read from; name another file`)
  try {
    appendFileSync(file, '', { mode: 0o600 })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Failure(exitCodes.usage, `the manifests cannot be written: ${why}`)
  }
}

/** Before anything is registered. */
function addressIn({ address, service }: AddFlags): ClusterAddress | undefined {
  if (address !== undefined && service !== undefined)
    throw new Failure(exitCodes.usage, 'say --address or --service, not both')
  if (address !== undefined) {
    if (!/^https:\/\/[^/\s]+\/?$/.test(address))
      throw new Failure(exitCodes.usage, `--address is ${address}; expected https://HOST:PORT`)
    return { kind: 'url', url: address.replace(/\/$/, '') }
  }
  if (service === undefined) return undefined
  const [, namespace, name, port = '5443'] =
    /^([a-z0-9-]{1,63})\/([a-z0-9-]{1,63})(?::([0-9]{1,5}))?$/.exec(service) ?? []
  if (namespace === undefined || name === undefined)
    throw new Failure(exitCodes.usage, `--service is ${service}; expected NAMESPACE/NAME:PORT`)
  return { kind: 'service', namespace, name, port: Number(port) }
}

function bindingIn(text: string): {
  readonly namespace: string
  readonly policies: readonly string[]
} {
  const [namespace, policies, ...more] = text.split('=')
  if (namespace === undefined || policies === undefined || more.length > 0)
    throw new Failure(exitCodes.usage, `--bind is ${text}; expected NAMESPACES=POLICY,POLICY`)
  return { namespace, policies: policies.split(',').filter((one) => one !== '') }
}

interface Cluster {
  readonly id: string
  readonly name: string
  readonly createdAt: string
  readonly lastAskedAt?: string
  readonly running?: number
  readonly report?: Report
  readonly settings: {
    readonly withoutPolicy: string
    readonly controllers: string
    readonly pin: string
    readonly bindings: readonly {
      readonly namespace: string
      readonly policies: readonly string[]
    }[]
  }
}

async function list({ output }: { readonly output: Format }): Promise<void> {
  const answer = await callServer(openSession(configOf({})), 'GET', path)
  const listed = await jsonOf<{ readonly clusters: readonly Cluster[] }>(answer)
  const rows = listed.clusters.map(({ name, id, settings, lastAskedAt, report, running }) => [
    name,
    id,
    settings.withoutPolicy,
    settings.controllers,
    settings.bindings
      .map(({ namespace, policies }) => `${namespace}=${policies.join(',')}`)
      .join(' '),
    lastAskedAt ?? 'never',
    report?.at ?? 'never',
    String(running ?? 0),
  ])
  const header = [
    'NAME',
    'ID',
    'WITHOUT POLICY',
    'CONTROLLERS',
    'BINDINGS',
    'LAST ASKED',
    'LAST REPORT',
    'RUNS',
  ]
  const table = (): string => (rows.length === 0 ? 'no clusters' : renderTable(header, rows))
  say(render(output, listed, table))
}

async function remove(name: string): Promise<void> {
  const query = new URLSearchParams({ name })
  await callServer(openSession(configOf({})), 'DELETE', `${path}?${query.toString()}`)
  say(`cluster ${name} is answered no more`)
}

interface Checked {
  readonly cluster: Cluster
  readonly address: string | null
  readonly hosts: readonly string[]
  readonly policies: readonly { readonly name: string; readonly mode: string }[]
}

async function check(name: string, { output }: { readonly output: Format }): Promise<void> {
  const query = new URLSearchParams({ name })
  const place = `/pratique/v1/admission/cluster-check?${query.toString()}`
  const answer = await callServer(openSession(configOf({})), 'GET', place)
  const checked = await jsonOf<Checked>(answer)
  const steps = stepsOf(checked)
  const rows = steps.map(({ step, isGood, says }) => [step, isGood ? 'ok' : 'look', says])
  say(render(output, { ...checked, steps }, () => renderTable(['STEP', 'STATE', 'SAYS'], rows)))
  note(`images of ${checked.hosts.join(', ')} are taken for those of this registry`)
  note(
    'where Gatekeeper says "key is not found in provider cache", its Provider object is missing: cluster add --gatekeeper writes it',
  )
  if (steps.some(({ isGood }) => !isGood)) process.exitCode = exitCodes.no
}

interface Step {
  readonly step: string
  readonly isGood: boolean
  readonly says: string
}

function stepsOf({ cluster, address, policies }: Checked): readonly Step[] {
  const { lastAskedAt, settings } = cluster
  const enforced = policies.filter(({ mode }) => mode === 'enforce')
  const isOpen = settings.withoutPolicy === 'allow'
  return [
    {
      step: 'door',
      isGood: address !== null,
      says: address ?? 'the server listens for no clusters by TLS: PRATIQUE_ADMISSION_LISTEN',
    },
    {
      step: 'asked',
      isGood: lastAskedAt !== undefined,
      says:
        lastAskedAt === undefined
          ? 'it never asked: are its webhooks applied, and can it reach the address?'
          : `last at ${lastAskedAt}, to the hour`,
    },
    {
      step: 'policies',
      // A policy that only warns lets pass what it is about, also where what no policy is about is denied.
      isGood: enforced.length > 0 || (!isOpen && policies.length === 0),
      says:
        policies.length === 0
          ? `there are none: every image is ${isOpen ? 'allowed' : 'denied'}`
          : `${policies.length}, of which ${enforced.length} are enforced${enforced.length === 0 ? ': what they are about is let run' : ''}`,
    },
  ]
}
