// Every program and library that is recognised by its bytes. Of two that share a file's name the first that is found counts.
import { databases } from './known-databases.ts'
import type { KnownProgram } from './known-program.ts'
import { runtimes } from './known-runtimes.ts'
import { servers } from './known-servers.ts'
import { tools } from './known-tools.ts'

export const knownPrograms: readonly KnownProgram[] = [
  ...runtimes,
  ...servers,
  ...databases,
  ...tools,
]
