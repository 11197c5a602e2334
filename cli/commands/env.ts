import { Option, type Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { note, say } from '../output.ts'
import { configOf, readCredentialsFile, readServerFile, type GlobalFlags } from '../settings.ts'

type Shell = 'sh' | 'fish' | 'powershell' | 'json'

export function envCommand(program: Command): void {
  program
    .command('env')
    .description('Print what points the aws CLI and SDKs at this registry.')
    .option('--data <directory>', 'data directory of the server')
    .addOption(
      new Option('--shell <shell>', 'form of the lines')
        .choices(['sh', 'fish', 'powershell', 'json'])
        .default('sh'),
    )
    .addHelpText(
      'after',
      '\nExample:\n  eval "$(npx pratique env)"\n\nExit codes: 0 printed, 1 no credentials there, 2 wrong settings.',
    )
    .action((flags: GlobalFlags & { readonly shell: Shell }) => {
      const config = configOf(flags.data === undefined ? {} : { data: flags.data })
      const key = readCredentialsFile(config)
      if (key === undefined) {
        throw new Failure(
          exitCodes.error,
          `there are no credentials in ${config.dataDirectory}`,
          'they are made on the first start: npm start',
        )
      }
      const server = readServerFile(config)
      if (server === undefined)
        note('the server of this directory is not running; start it with: npm start')
      const url = server?.url ?? config.url ?? `http://${config.listen.host}:${config.listen.port}`
      const variables = {
        AWS_ENDPOINT_URL: url,
        AWS_REGION: config.region,
        AWS_DEFAULT_REGION: config.region,
        AWS_ACCESS_KEY_ID: key.accessKeyId,
        AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
      }
      say(renderVariables(flags.shell, variables, ['AWS_SESSION_TOKEN', 'AWS_PROFILE']))
    })
}

/** A value may hold anything that a secret or an address may hold: it is quoted for its shell. */
export function renderVariables(
  shell: Shell,
  variables: Readonly<Record<string, string>>,
  unset: readonly string[],
): string {
  const entries = Object.entries(variables)
  switch (shell) {
    case 'json':
      return JSON.stringify(variables, undefined, 2)
    case 'fish':
      return [
        ...entries.map(
          ([name, value]) => `set -gx ${name} ${single(value.replaceAll('\\', '\\\\'), "\\'")}`,
        ),
        ...unset.map((name) => `set -e ${name}`),
      ].join('\n')
    case 'powershell':
      return [
        ...entries.map(([name, value]) => `$env:${name} = ${single(value, "''")}`),
        ...unset.map((name) => `Remove-Item Env:${name} -ErrorAction SilentlyContinue`),
      ].join('\n')
    case 'sh':
      return [
        ...entries.map(([name, value]) => `export ${name}=${single(value, `'\\''`)}`),
        `unset ${unset.join(' ')}`,
      ].join('\n')
  }
}

/** In single quotes, in which a shell expands nothing. */
function single(value: string, quote: string): string {
  return `'${value.replaceAll("'", quote)}'`
}
