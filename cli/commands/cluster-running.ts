// What runs in clusters, as they told, and what was kept from running.
import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { listRunning } from '../../src/admission/rules/list-running.ts'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf } from '../json.ts'
import { formatOption, note, render, renderTable, say, type Format } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'

const base = '/pratique/v1/admission'

/** The last that a cluster said of itself. */
export interface Report {
  readonly at: string
  readonly by: string
  readonly images: number
  readonly units: number
  readonly foreignUnits: number
  readonly unclearUnits: number
}

export function runningCommands(cluster: Command): void {
  cluster
    .command('show')
    .argument('<name>')
    .option('--all', 'also what it asked about and does not run, or not any more')
    .addOption(formatOption())
    .description('What a cluster runs of this registry, by what that is known, and since when.')
    .addHelpText(
      'after',
      '\nIt is what the cluster was let run or said that it runs. SEEN tells when that was, and by what.\n\nExample:\n  pratique cluster show prod --all\n\nExit codes: 0 shown, 1 failed, 4 not allowed, 5 there is no such cluster.',
    )
    .action(show)
  cluster
    .command('report')
    .argument('<name>')
    .argument('[file]', 'what runs; - or nothing: from the standard input', '-')
    .addOption(formatOption())
    .description('Tell what a cluster, or a host, runs: it takes the place of what was known.')
    .addHelpText(
      'after',
      `
Examples:
  kubectl get pods -A -o json | pratique cluster report prod
  docker ps -q | xargs docker inspect --format '{{.Image}}' \\
    | xargs docker image inspect --format '{{index .RepoDigests 0}}' | pratique cluster report host-1

The input is a list of pods as kubectl prints it, or a line with an image for each container. Name the digest that runs: a tag may
have moved since.

Exit codes: 0 taken, 1 failed, 2 it cannot be read, 4 not allowed, 5 there is no such cluster.`,
    )
    .action(report)
  cluster
    .command('decisions')
    .argument('[name]', 'of this cluster; without it of all, and of pulls')
    .option('--limit <n>', 'the latest, at most 1000', '50')
    .addOption(formatOption())
    .description('What was kept from running, the latest first: where, by which policy, and why.')
    .addHelpText(
      'after',
      '\nWhat was let run is told by pratique cluster show NAME --all, in numbers.\n\nExit codes: 0 shown, 1 failed, 4 not allowed, 5 there is no such cluster.',
    )
    .action(decisions)
}

interface Place {
  readonly namespace: string
  readonly workloadKind: string
  readonly workloadName: string
  readonly repository: string
  readonly digest: string
  readonly allowed: number
  readonly denied: number
  readonly decision?: { readonly outcome: string; readonly policies: readonly string[] }
  readonly use?: {
    readonly seenAt: string
    readonly seenBy: string
    readonly endedAt?: string
    readonly units?: number
  }
  readonly standing?: string
}

interface Shown {
  readonly name: string
  readonly running: number
  readonly report?: Report
  readonly images: readonly Place[]
  readonly next?: string
}

async function show(
  name: string,
  { all, output }: { readonly all?: true; readonly output: Format },
): Promise<void> {
  const session = openSession(configOf({}))
  const query = new URLSearchParams({ name, limit: '1000', only: all === true ? 'all' : 'running' })
  const page = async (): Promise<Shown> =>
    jsonOf(await callServer(session, 'GET', `${base}/cluster?${query.toString()}`))
  let shown = await page()
  const images = [...shown.images]
  while (shown.next !== undefined) {
    query.set('after', shown.next)
    shown = await page()
    images.push(...shown.images)
  }
  const { next: _, ...told } = { ...shown, images }
  say(render(output, told, () => renderPlaces(images)))
  const { report: last } = shown
  note(
    last === undefined
      ? 'it never reported what it runs: pratique cluster report'
      : `reported at ${last.at} by ${last.by}: ${last.units} containers of this registry, ${last.foreignUnits} of others, ${last.unclearUnits} unclear`,
  )
}

function renderPlaces(images: readonly Place[]): string {
  if (images.length === 0) return 'nothing of this registry is known to run there'
  const rows = images.map((place) => [
    `${place.repository}@${place.digest.slice(0, 19)}`,
    place.namespace,
    workloadText(place),
    place.use?.units === undefined ? '' : String(place.use.units),
    seenText(place.use),
    place.standing ?? place.decision?.outcome ?? '',
    (place.decision?.policies ?? []).join(' '),
    `${place.allowed}/${place.denied}`,
  ])
  const header = [
    'IMAGE',
    'NAMESPACE',
    'WORKLOAD',
    'CONTAINERS',
    'SEEN',
    'DECISION',
    'POLICIES',
    'ALLOWED/DENIED',
  ]
  return renderTable(header, rows)
}

function workloadText({
  workloadKind,
  workloadName,
}: Pick<Place, 'workloadKind' | 'workloadName'>): string {
  return workloadKind === '' ? '' : `${workloadKind}/${workloadName}`
}

function seenText(use: Place['use']): string {
  if (use === undefined) return 'never'
  const seen = `${use.seenAt} by ${use.seenBy}`
  return use.endedAt === undefined ? seen : `${seen}, not any more`
}

interface Taken extends Report {
  readonly ended: number
  readonly unclear: readonly { readonly image: string; readonly why: string }[]
}

async function report(
  name: string,
  file: string,
  { output }: { readonly output: Format },
): Promise<void> {
  const reading = listRunning(readInput(file))
  if (reading.kind === 'refused')
    throw new Failure(exitCodes.usage, `${file === '-' ? 'the input' : file}: ${reading.problem}`)
  const { images } = reading
  const body = {
    stream: new Blob([JSON.stringify({ images })]).stream(),
    type: 'application/json',
  }
  const query = new URLSearchParams({ name })
  const session = openSession(configOf({}))
  const path = `${base}/cluster-report?${query.toString()}`
  const taken = await jsonOf<Taken>(await callServer(session, 'POST', path, body))
  const { units, images: places, foreignUnits, unclearUnits, ended, unclear } = taken
  const text = `${name} runs ${units} containers of this registry at ${places} places, ${foreignUnits} of others; ${ended} places run no more`
  say(render(output, taken, () => text))
  if (unclearUnits > 0) note(`of ${unclearUnits} containers nobody can tell what they run:`)
  for (const { image, why } of unclear) note(`  ${JSON.stringify(image)}: ${why}`)
}

function readInput(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Failure(exitCodes.usage, `${file} cannot be read: ${why}`)
  }
}

interface Denial {
  readonly at: string
  readonly cluster: string
  readonly door: string
  readonly namespace: string
  readonly workloadKind: string
  readonly workloadName: string
  readonly image: string
  readonly digest: string
  readonly policies: readonly string[]
  readonly reasons: readonly { readonly code: string; readonly message: string }[]
  readonly times: number
}

async function decisions(
  name: string | undefined,
  { limit, output }: { readonly limit: string; readonly output: Format },
): Promise<void> {
  const query = new URLSearchParams({ limit, ...(name === undefined ? {} : { name }) })
  const path = `${base}/denials?${query.toString()}`
  const answer = await callServer(openSession(configOf({})), 'GET', path)
  const told = await jsonOf<{ readonly denials: readonly Denial[]; readonly next?: number }>(answer)
  const rows = told.denials.map((denial) => [
    denial.at,
    denial.cluster === '' ? '(pull)' : denial.cluster,
    denial.namespace,
    workloadText(denial),
    denial.image,
    denial.policies.join(' '),
    `${denial.reasons[0]?.message ?? ''}${denial.reasons.length > 1 ? ` (and ${denial.reasons.length - 1} more)` : ''}`,
    String(denial.times),
  ])
  const header = ['AT', 'CLUSTER', 'NAMESPACE', 'WORKLOAD', 'IMAGE', 'POLICIES', 'BECAUSE', 'TIMES']
  const table = (): string =>
    rows.length === 0 ? 'nothing was kept from running' : renderTable(header, rows)
  say(render(output, told, table))
  if (told.next !== undefined) note('there are older ones: raise --limit')
}
