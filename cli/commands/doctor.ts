import { accessSync, constants, statSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { createServer, isIP } from 'node:net'
import { join } from 'node:path'
import type { Command } from 'commander'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import type { Config } from '../../src/config.ts'
import { exitCodes } from '../failure.ts'
import { jsonOf } from '../json.ts'
import { age, formatOption, megabytes, render, renderTable, say, type Format } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf, readCredentialsFile, readServerFile, type GlobalFlags } from '../settings.ts'
import type { DataStatus } from './db.ts'

interface Check {
  readonly name: string
  readonly status: 'ok' | 'warning' | 'failed'
  readonly finding: string
  /** What to do; absent when all is well. */
  readonly remedy?: string
}

export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('Look for trouble and say the remedy.')
    .option('--data <directory>', 'data directory of the server')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique doctor\n\nExit codes: 0 nothing fails (there may be warnings), 1 something fails, 2 wrong settings.',
    )
    .action(async ({ output, ...flags }: GlobalFlags & { readonly output: Format }) => {
      const config = configOf(flags)
      const checks = await examine(config)
      say(render(output, checks, () => renderChecks(checks)))
      if (checks.some(({ status }) => status === 'failed')) process.exitCode = exitCodes.error
    })
}

async function examine(config: Config): Promise<readonly Check[]> {
  const url = readServerFile(config)?.url
  const checks = [
    nodeVersion(),
    directory(config),
    await disk(config),
    credentialsFile(config),
    await port(config, url),
  ]
  if (url === undefined) return checks
  return [
    ...checks,
    await clock(url),
    await readiness(url),
    await identity(config, url),
    await dataAge(config),
    await signerName(config.url ?? url),
  ]
}

function renderChecks(checks: readonly Check[]): string {
  const marks = { ok: '✓', warning: '!', failed: '✗' }
  const table = renderTable(
    ['', 'CHECK', 'FINDING'],
    checks.map(({ status, name, finding }) => [marks[status], name, finding]),
  )
  const remedies = checks.flatMap(({ name, remedy }) =>
    remedy === undefined ? [] : [`  ${name}: ${remedy}`],
  )
  return remedies.length === 0 ? table : `${table}\n\nWhat to do:\n${remedies.join('\n')}`
}

function nodeVersion(): Check {
  return ok('node', `Node ${process.versions.node}`)
}

function directory({ dataDirectory }: Config): Check {
  const name = 'data directory'
  const stats = statSync(dataDirectory, { throwIfNoEntry: false })
  if (stats === undefined)
    return failed(
      name,
      `${dataDirectory} does not exist`,
      'it is made on the first start: npm start',
    )
  if (!stats.isDirectory())
    return failed(name, `${dataDirectory} is no directory`, 'set PRATIQUE_DATA to a directory')
  try {
    accessSync(dataDirectory, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch {
    return failed(
      name,
      `${dataDirectory} cannot be read and written by this user`,
      `chown it to the user that runs the server`,
    )
  }
  const mode = stats.mode & 0o777
  if ((mode & 0o077) !== 0)
    return warning(
      name,
      `${dataDirectory} is open to others (mode ${mode.toString(8)})`,
      `chmod 700 ${dataDirectory}`,
    )
  return ok(name, dataDirectory)
}

const leastFreeBytes = 2 * 1024 ** 3

async function disk({ dataDirectory }: Config): Promise<Check> {
  const name = 'free disk'
  try {
    const { bavail, bsize, blocks } = await statfs(dataDirectory)
    const free = bavail * bsize
    const share = bavail / Math.max(blocks, 1)
    const finding = `${megabytes(free)} free (${Math.round(share * 100)} %)`
    if (free < leastFreeBytes / 8)
      return failed(name, finding, 'free space now: pushes are about to be refused')
    return free < leastFreeBytes || share < 0.05
      ? warning(name, finding, 'free space soon, or move the data directory')
      : ok(name, finding)
  } catch {
    return warning(name, 'cannot be told: the data directory is not there', 'start the server once')
  }
}

function credentialsFile(config: Config): Check {
  const name = 'credentials'
  const path = join(config.dataDirectory, 'credentials')
  if (readCredentialsFile(config) === undefined)
    return failed(
      name,
      `${path} is not there or cannot be read`,
      'it is made on the first start: npm start',
    )
  const mode = statSync(path).mode & 0o777
  return (mode & 0o077) === 0
    ? ok(name, path)
    : failed(name, `${path} can be read by others (mode ${mode.toString(8)})`, `chmod 600 ${path}`)
}

async function port(config: Config, url: string | undefined): Promise<Check> {
  const name = 'port'
  const { host, port: number } = config.listen
  if (url !== undefined) return ok(name, `the server of this directory listens on ${url}`)
  if (number === 0) return ok(name, 'a free one is picked')
  const isFree = await new Promise<boolean>((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(number, host, () => probe.close(() => resolve(true)))
  })
  return isFree
    ? ok(name, `${host}:${number} is free; the server is not running`)
    : failed(
        name,
        `${host}:${number} is used by something else`,
        `stop it, or set PRATIQUE_LISTEN=${host}:PORT`,
      )
}

async function clock(url: string): Promise<Check> {
  const name = 'clock'
  const asked = new Date().getTime()
  const date = await fetch(`${url}/livez`).then(
    (response) => response.headers.get('date'),
    () => null,
  )
  if (date === null) return failed(name, `${url} does not answer`, 'restart the server: npm start')
  const skew = Math.abs(Date.parse(date) - asked) / 1000
  const finding = `this machine and the server differ by ${Math.round(skew)} s`
  if (skew > 300)
    return failed(
      name,
      finding,
      'signed requests are refused beyond 5 minutes: set the clocks by NTP',
    )
  return skew > 120 ? warning(name, finding, 'set the clocks by NTP') : ok(name, finding)
}

interface ReadinessDocument {
  readonly status: string
  readonly checks: Readonly<Record<string, { readonly status: string; readonly reason?: string }>>
}

async function readiness(url: string): Promise<Check> {
  const name = 'server'
  try {
    const response = await fetch(`${url}/readyz`)
    const body = await jsonOf<ReadinessDocument>(response)
    const broken = Object.entries(body.checks).filter(([, check]) => check.status !== 'ok')
    if (response.ok) return ok(name, 'ready')
    const reasons = broken.map(([part, { reason }]) => `${part}: ${reason ?? 'failed'}`)
    return failed(
      name,
      `${body.status}: ${reasons.join('; ')}`,
      'see the log of the server, then restart it',
    )
  } catch {
    return failed(
      name,
      `${url} does not answer, although it says that it runs`,
      'restart the server: npm start',
    )
  }
}

async function identity(config: Config, endpoint: string): Promise<Check> {
  const name = 'sign in'
  const credentials = readCredentialsFile(config)
  if (credentials === undefined) return warning(name, 'not tried: no credentials file', 'see above')
  const sts = new STSClient({ endpoint, region: config.region, credentials })
  try {
    const { Arn } = await sts.send(new GetCallerIdentityCommand({}))
    return ok(name, Arn ?? 'works')
  } catch (error) {
    return failed(
      name,
      error instanceof Error ? error.message : 'failed',
      'the credentials file is not of this server: look at PRATIQUE_DATA',
    )
  } finally {
    sts.destroy()
  }
}

async function dataAge(config: Config): Promise<Check> {
  const name = 'vulnerability data'
  const remedy = 'pratique db update, or pratique db import FILE'
  try {
    const response = await callServer(openSession(config), 'GET', '/pratique/v1/advisories')
    const status = await jsonOf<DataStatus>(response)
    const finding = `${status.sources.length} sources, ${status.ageSeconds === undefined ? 'age unknown' : `${age(status.ageSeconds)} old`}`
    return status.stale ? warning(name, `${finding}, stale`, remedy) : ok(name, finding)
  } catch (error) {
    return failed(name, error instanceof Error ? error.message : 'cannot be read', remedy)
  }
}

/**
 * The model of AWS Signer has `data-` put before the host where revocation is asked for: a name that leads nowhere makes a strict
 * policy refuse.
 */
async function signerName(url: string): Promise<Check> {
  const name = 'revocation'
  const { protocol, hostname, host } = new URL(url)
  if (isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0 || hostname === 'localhost')
    return ok(name, `not tried: AWS's plugin for notation needs a name, and this is ${hostname}`)
  const second = `${protocol}//data-${host}`
  const remedy = `give data-${hostname} the address of ${hostname}, and a certificate for both: AWS's plugin for notation asks there`
  try {
    const signal = AbortSignal.timeout(signerNameTimeoutMs)
    const response = await fetch(`${second}/livez`, { signal })
    return response.ok
      ? ok(name, `${second} leads here`)
      : warning(name, `${second} answers ${response.status}`, remedy)
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    const why = cause instanceof Error ? cause.message : 'no answer'
    return warning(name, `${second} cannot be reached: ${why}`, remedy)
  }
}

const signerNameTimeoutMs = 5000

function ok(name: string, finding: string): Check {
  return { name, status: 'ok', finding }
}

function warning(name: string, finding: string, remedy: string): Check {
  return { name, status: 'warning', finding, remedy }
}

function failed(name: string, finding: string, remedy: string): Check {
  return { name, status: 'failed', finding, remedy }
}
