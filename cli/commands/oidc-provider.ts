import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf } from '../json.ts'
import { formatOption, render, renderTable, say, type Format } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'

interface Provider {
  readonly arn: string
  readonly url: string
  readonly clientIds: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
}

interface OptionFlags {
  readonly privateNetwork?: boolean
  readonly singleUse?: boolean
  readonly caBundle?: string | false
  readonly jwks?: string | false
  readonly claims?: readonly string[] | false
  readonly algorithms?: readonly string[] | false
}

export function oidcProviderCommand(program: Command): void {
  const provider = program
    .command('oidc-provider')
    .description('What AWS has no parameter for of OpenID Connect identity providers.')
  provider
    .command('list', { isDefault: true })
    .description('The providers with their options; aws iam creates and deletes them.')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique oidc-provider list\n\nExit codes: 0 shown, 1 failed, 4 not allowed.',
    )
    .action(list)
  provider
    .command('options')
    .argument('<provider>', 'its ARN, or its URL')
    .description('Set options; those that are not given stay as they are.')
    .option('--private-network', 'its host may be in a private network')
    .option('--no-private-network', 'its host must be in the public network')
    .option('--single-use', 'a token opens one session and no second')
    .option('--no-single-use', 'a token opens sessions until it expires')
    .option(
      '--ca-bundle <file>',
      'certificates in PEM form that its host’s certificate may come from',
    )
    .option('--no-ca-bundle', 'the public certificates again')
    .option('--jwks <file>', 'its key set, so that nothing is fetched')
    .option('--no-jwks', 'fetch the key set again')
    .option('--claims <name...>', 'claims that policies may ask for as HOST:NAME')
    .option('--no-claims', 'only aud, sub and amr')
    .option('--algorithms <name...>', 'accepted algorithms, in place of RS256 and ES256')
    .option('--no-algorithms', 'RS256 and ES256 again')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique oidc-provider options https://token.actions.githubusercontent.com --claims repository environment\n\nExit codes: 0 set, 1 failed, 2 nonsense, 4 not allowed, 5 no such provider.',
    )
    .action(setOptions)
}

async function listProviders(): Promise<readonly Provider[]> {
  const response = await callServer(openSession(configOf({})), 'GET', '/pratique/v1/oidc-providers')
  return jsonOf<readonly Provider[]>(response)
}

async function list({ output }: { readonly output: Format }): Promise<void> {
  const providers = await listProviders()
  say(render(output, providers, () => renderProviders(providers)))
}

function renderProviders(providers: readonly Provider[]): string {
  const rows = providers.map(({ url, clientIds, options }) => [
    url,
    clientIds.join(' '),
    Object.entries(options)
      .map(([name, value]) => `${name}=${shown(value)}`)
      .join(' '),
  ])
  return renderTable(['URL', 'AUDIENCES', 'OPTIONS'], rows)
}

/** Key sets and certificates are named only. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return value.join(',')
  return typeof value === 'boolean' ? String(value) : 'given'
}

async function setOptions(
  named: string,
  { output, ...flags }: OptionFlags & { readonly output: Format },
): Promise<void> {
  const change = await changeOf(flags)
  if (Object.keys(change).length === 0) {
    throw new Failure(exitCodes.usage, 'nothing to set', 'give at least one option')
  }
  const arn = await arnOf(named)
  const path = `/pratique/v1/oidc-providers/options?${new URLSearchParams({ provider: arn }).toString()}`
  const body = { stream: new Blob([JSON.stringify(change)]).stream(), type: 'application/json' }
  const response = await callServer(openSession(configOf({})), 'POST', path, body)
  const provider = await jsonOf<Provider>(response)
  say(render(output, provider, () => renderProviders([provider])))
}

async function changeOf(flags: OptionFlags): Promise<Readonly<Record<string, unknown>>> {
  const change = {
    allowPrivateNetwork: flags.privateNetwork,
    singleUse: flags.singleUse,
    caBundle: await fileOr(flags.caBundle, (text) => text),
    jwks: await fileOr(flags.jwks, parseKeySet),
    claims: flags.claims === false ? null : flags.claims,
    algorithms: flags.algorithms === false ? null : flags.algorithms,
  }
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
}

/** What a file holds, `null` to take the option away, undefined to let it be. */
async function fileOr(
  file: string | false | undefined,
  read: (text: string) => unknown,
): Promise<unknown> {
  if (file === undefined) return undefined
  return file === false ? null : read(await readText(file))
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new Failure(exitCodes.usage, `${file} cannot be read`, undefined, { cause: error })
  }
}

function parseKeySet(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const advice = 'give a JSON Web Key Set: {"keys":[…]}'
    throw new Failure(exitCodes.usage, 'the key set is no JSON', advice, { cause: error })
  }
}

async function arnOf(named: string): Promise<string> {
  if (named.startsWith('arn:')) return named
  const url = named.replace(/\/$/, '')
  const found = (await listProviders()).find(
    (one) => one.url === url || one.url === `https://${url}`,
  )
  if (found !== undefined) return found.arn
  const advice = 'list them: pratique oidc-provider list'
  throw new Failure(exitCodes.notFound, `there is no provider ${named}`, advice)
}
