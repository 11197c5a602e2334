// Reads the settings, opens the app, says that it is ready, and drains on a signal; nothing else.
import { relative } from 'node:path'
import type { RunningApp } from './app.ts'
import type { Config } from './config.ts'
import { StartError } from './foundation.ts'
import { checkDirectory, initialise, restoreDirectory, verifyAuditLogOffline } from './offline.ts'
import { recoverRootKey } from './recover-root-key.ts'

/** Serves until SIGINT or SIGTERM; resolves when everything is closed. A start that a person must mend → StartError. */
export async function serve(
  config: Config,
  terminal: { readonly isTerminal: boolean; readonly say: (line: string) => void },
): Promise<void> {
  // What needs no server (restore, fsck of a directory) does not wait for all of it to be read.
  const [{ openApp }, { createLog }] = await Promise.all([
    import('./app.ts'),
    import('./lib/log.ts'),
  ])
  const style = config.log === 'auto' ? (terminal.isTerminal ? 'pretty' : 'json') : config.log
  const log = createLog(style)
  // A report of a fault is handed to others; the environment is not theirs.
  if (process.report !== undefined) process.report.excludeEnv = true
  if (config.masterKey.kind === 'environment') {
    log.warn({
      event: 'master-key.in-environment',
      advice: 'others of this machine may read it: PRATIQUE_MASTER_KEY_FILE or _COMMAND is safer',
    })
  }
  const app = await openApp(config, log)
  for (const line of readinessLines(app, config)) terminal.say(line)
  const signal = await nextSignal()
  log.info({ event: 'stopping', signal })
  // Whoever asks twice does not want to wait.
  void nextSignal().then(() => process.exit(130))
  await app.close()
  log.info({ event: 'stopped' })
}

export {
  checkDirectory,
  initialise,
  recoverRootKey,
  restoreDirectory,
  StartError,
  verifyAuditLogOffline,
}

function readinessLines(app: RunningApp, config: Config): readonly string[] {
  const { account, region } = config
  const made = app.isFirstStart ? '  (made just now)' : ''
  return [
    `pratique listening on ${app.url}   (data ${shown(app.paths.root)}, account ${account}, region ${region})`,
    `  credentials  ${shown(app.paths.credentials)}${made}   vulnerability data  ${app.dataSummary}`,
    `  next:  eval "$(npx pratique env)"  &&  aws ecr create-repository --repository-name my-app`,
  ]
}

/** Relative to where the person stands, if it lies below. */
function shown(path: string): string {
  const short = relative(process.cwd(), path)
  return short.startsWith('..') ? path : `./${short}`
}

async function nextSignal(): Promise<string> {
  return new Promise((resolve) => {
    const stop = (signal: string): void => {
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
      resolve(signal)
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
  })
}
