import { badInput } from './bad-input.ts'
import { changes } from './changes.ts'
import { damage } from './damage.ts'
import { evolution } from './evolution.ts'
import { features } from './features.ts'
import { history } from './history.ts'
import { lifecycle } from './lifecycle.ts'
import { odds } from './odds.ts'
import { outages } from './outages.ts'
import { parity } from './parity.ts'
import { routing } from './routing.ts'
import type { Scenario } from './support.ts'
import { values } from './values.ts'

/** Every scenario by what it promises. */
export const scenarios: Readonly<Record<string, Scenario>> = {
	...values,
	...changes,
	...history,
	...features,
	...lifecycle,
	...routing,
	...badInput,
	...outages,
	...damage,
	...odds,
	...parity,
	...evolution,
}
