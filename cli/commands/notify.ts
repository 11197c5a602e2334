import { Option, type Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { callNotifications } from '../notify/call.ts'
import { addLetterCommands } from '../notify/dead-letters.ts'
import {
  addressOf,
  defined,
  ruleOf,
  withRuleOptions,
  type AddressFlags,
  type RuleFlags,
} from '../notify/sink-flags.ts'
import { formatOption, note, render, renderTable, say, type Format } from '../output.ts'

interface Sink {
  readonly name: string
  readonly kind: string
  readonly target: string
  readonly state: string
  readonly reason?: string
  readonly digestMinutes?: number
  readonly rule: {
    readonly kinds: readonly string[]
    readonly minSeverity?: string
    readonly kevOnly: boolean
    readonly minEpss?: number
    readonly fixableOnly: boolean
    readonly repositories: readonly string[]
  }
}

interface Status extends Pick<Sink, 'name' | 'kind' | 'target' | 'state' | 'reason'> {
  readonly delivered: number
  readonly waiting: number
  readonly deadLetters: number
  readonly dropped: number
  readonly pausedUntil?: string
  readonly lastError?: string
  readonly lastDeliveredAt?: string
  readonly digest?: { readonly messages: number; readonly dueAt: string }
}

export function notifyCommand(program: Command): void {
  const notify = program
    .command('notify')
    .description('Who is told of pushes, scans and findings: webhooks, chat, mail.')
  notify
    .command('list', { isDefault: true })
    .description('The sinks of the account, and what each is told.')
    .addOption(formatOption())
    .addHelpText('after', '\nExit codes: 0 shown, 1 failed, 4 not allowed.')
    .action(list)
  addCommand(notify)
  changeCommand(notify)
  notify
    .command('remove')
    .argument('<name>', 'of a sink')
    .description('Tell it no more; what waits for it and its dead letters go too.')
    .addHelpText('after', '\nExit codes: 0 removed, 1 failed, 4 not allowed.')
    .action(remove)
  notify
    .command('test')
    .argument('<name>', 'of a sink')
    .description('Send a message just now, and say what became of it.')
    .addOption(formatOption())
    .addHelpText('after', '\nExit codes: 0 delivered, 1 failed, 3 not taken, 4 not allowed.')
    .action(test)
  notify
    .command('rotate-secret')
    .argument('<name>', 'of a webhook')
    .description('A new signing secret; messages are signed with both until the one before ends.')
    .option('--former-valid-hours <hours>', '0 to 720', '24')
    .addOption(formatOption())
    .addHelpText('after', '\nExit codes: 0 made, 1 failed, 2 nonsense, 4 not allowed.')
    .action(rotateSecret)
  notify
    .command('status')
    .description('What was delivered, what waits, and what is wrong.')
    .addOption(formatOption())
    .addHelpText('after', '\nExit codes: 0 shown, 1 failed, 4 not allowed.')
    .action(status)
  addLetterCommands(notify)
}

function addCommand(notify: Command): void {
  const kind = new Option('--kind <kind>', 'what it is').choices(['webhook', 'slack', 'smtp'])
  const add = notify
    .command('add')
    .argument('<name>', 'how it is called from now on')
    .description('Tell somebody from now on. The signing secret of a webhook is shown this once.')
    .addOption(kind.default('webhook'))
    .option('--url <url>', 'of a webhook')
    .option('--url-file <file>', 'a file with the address, where it is a secret by itself')
    .option('--form <form>', 'eventbridge or cloudevents')
    .option('--host <host>', 'of a mail server')
    .option('--port <port>', '465 for tls, 587 for starttls, 25 for none')
    .option('--security <security>', 'starttls, tls or none')
    .option('--user <user>', 'to sign in as')
    .option('--password-file <file>', 'a file with its password')
    .option('--from <address>', 'who writes')
    .option('--to <address...>', 'who reads')
    .option('--ca-bundle <file>', 'certificates in PEM form that the receiver’s may come from')
    .option('--digest <minutes>', 'one message for so many minutes instead of each by itself')
    .addOption(formatOption())
  withRuleOptions(add)
    .addHelpText(
      'after',
      '\nExamples:\n  pratique notify add ops --url https://hooks.example.com/registry --min-severity HIGH\n  pratique notify add chat --kind slack --url-file slack-url --kev\n  pratique notify add team --kind smtp --host mail.example.com --user registry --password-file pw --from registry@example.com --to team@example.com --digest 60\n\nExit codes: 0 added, 1 refused or failed, 2 nonsense, 4 not allowed.',
    )
    .action(addSink)
}

function changeCommand(notify: Command): void {
  const change = notify
    .command('change')
    .argument('<name>', 'of a sink')
    .description('Another rule, which takes the place of the whole one before; on and off.')
    .option('--digest <minutes>', 'one message for so many minutes')
    .option('--no-digest', 'each message by itself again')
    .option('--enable', 'tell it again')
    .option('--disable', 'tell it nothing; what waits stays')
    .addOption(formatOption())
  withRuleOptions(change)
    .addHelpText(
      'after',
      '\nExample:\n  pratique notify change ops --events finding trust posture --min-severity HIGH\n\nExit codes: 0 changed, 1 refused or failed, 2 nonsense, 4 not allowed.',
    )
    .action(changeSink)
}

async function list({ output }: { readonly output: Format }): Promise<void> {
  const answer = await callNotifications<{ readonly sinks: readonly Sink[] }>('GET', '/sinks')
  say(render(output, answer, () => renderSinks(answer.sinks)))
}

function renderSinks(sinks: readonly Sink[]): string {
  const rows = sinks.map((sink) => [
    sink.name,
    sink.kind,
    sink.target,
    sink.state,
    sink.digestMinutes === undefined ? 'each' : `every ${sink.digestMinutes} min`,
    saidRule(sink.rule),
  ])
  return renderTable(['NAME', 'KIND', 'TO', 'STATE', 'SENT', 'WHAT'], rows)
}

function saidRule({
  kinds,
  minSeverity,
  kevOnly,
  minEpss,
  fixableOnly,
  repositories,
}: Sink['rule']): string {
  return [
    kinds.join(','),
    ...(minSeverity === undefined ? [] : [`${minSeverity} and above`]),
    ...(kevOnly ? ['exploited'] : []),
    ...(minEpss === undefined ? [] : [`EPSS from ${minEpss}`]),
    ...(fixableOnly ? ['fixable'] : []),
    ...(repositories.length === 0 ? [] : [`in ${repositories.join(',')}`]),
  ].join('; ')
}

type AddFlags = AddressFlags & RuleFlags & { readonly digest?: string; readonly output: Format }

async function addSink(name: string, { output, digest, ...flags }: AddFlags): Promise<void> {
  const body = {
    name,
    ...(await addressOf(flags)),
    ...defined({ rule: ruleOf(flags), digestMinutes: minutesOf(digest) }),
  }
  const made = await callNotifications<Sink & { readonly signingSecret?: string }>(
    'POST',
    '/sinks',
    { body },
  )
  say(render(output, made, () => renderSinks([made])))
  if (output === 'table' && made.signingSecret !== undefined) {
    say(`signing secret: ${made.signingSecret}`)
    note('keep it now: it is not shown again. Try it: pratique notify test ' + name)
  }
}

function minutesOf(digest: string | undefined): number | undefined {
  if (digest === undefined) return undefined
  if (/^[0-9]{1,5}$/.test(digest)) return Number(digest)
  throw new Failure(exitCodes.usage, `${JSON.stringify(digest)} is no number of minutes`)
}

type ChangeFlags = RuleFlags & {
  readonly digest?: string | false
  readonly enable?: boolean
  readonly disable?: boolean
  readonly output: Format
}

async function changeSink(name: string, { output, digest, ...flags }: ChangeFlags): Promise<void> {
  if (flags.enable === true && flags.disable === true)
    throw new Failure(exitCodes.usage, 'a sink is either on or off', 'give --enable or --disable')
  const enabled = flags.enable === true ? true : flags.disable === true ? false : undefined
  const rule = ruleOf(flags)
  const body = {
    ...defined({ rule, enabled }),
    ...(digest === undefined ? {} : { digestMinutes: digest === false ? 0 : minutesOf(digest) }),
  }
  if (Object.keys(body).length === 0)
    throw new Failure(exitCodes.usage, 'nothing to change', 'give at least one option')
  const changed = await callNotifications<Sink>('POST', '/sinks/change', { query: { name }, body })
  say(render(output, changed, () => renderSinks([changed])))
}

async function remove(name: string): Promise<void> {
  await callNotifications<unknown>('DELETE', '/sinks', { query: { name } })
  say(`${name} is told no more`)
}

async function test(name: string, { output }: { readonly output: Format }): Promise<void> {
  const result = await callNotifications<{
    readonly kind: 'delivered' | 'gone' | 'failed'
    readonly id: string
    readonly reason?: string
  }>('POST', '/sinks/test', { query: { name } })
  say(
    render(output, result, () =>
      result.kind === 'delivered'
        ? `delivered as ${result.id}`
        : `not taken: ${result.reason ?? 'no reason given'}`,
    ),
  )
  if (result.kind !== 'delivered') process.exitCode = exitCodes.no
}

async function rotateSecret(
  name: string,
  { formerValidHours, output }: { readonly formerValidHours: string; readonly output: Format },
): Promise<void> {
  const query = { name, 'former-valid-hours': formerValidHours }
  const made = await callNotifications<{
    readonly signingSecret: string
    readonly formerEndsAt: string
  }>('POST', '/sinks/rotate-secret', { query })
  say(
    render(output, made, () =>
      [
        `signing secret: ${made.signingSecret}`,
        `the one before is valid until ${made.formerEndsAt}`,
      ].join('\n'),
    ),
  )
}

async function status({ output }: { readonly output: Format }): Promise<void> {
  const answer = await callNotifications<{
    readonly eventsBehind: number
    readonly lagSeconds: number
    readonly sinks: readonly Status[]
  }>('GET', '/status')
  say(render(output, answer, () => renderStatus(answer.sinks)))
  if (output === 'table' && answer.eventsBehind > 0)
    note(
      `${answer.eventsBehind} events are still to be told, the oldest ${Math.round(answer.lagSeconds)} s old`,
    )
}

function renderStatus(sinks: readonly Status[]): string {
  const rows = sinks.map((sink) => [
    sink.name,
    sink.state,
    String(sink.delivered),
    String(sink.waiting + (sink.digest?.messages ?? 0)),
    sink.dropped === 0 ? String(sink.deadLetters) : `${sink.deadLetters} (${sink.dropped} dropped)`,
    sink.lastDeliveredAt ?? 'never',
    sink.reason ?? sink.lastError ?? '',
  ])
  return renderTable(
    ['NAME', 'STATE', 'DELIVERED', 'WAITING', 'DEAD', 'LAST DELIVERED', 'TROUBLE'],
    rows,
  )
}
