package simulation

import (
	"math"
	"math/rand/v2"
)

// poisson draws how many of events that are mean on average happen. Beyond a
// mean of 10 it uses Hörmann's transformed rejection (PTRS).
func poisson(r *rand.Rand, mean float64) float64 {
	if mean < 10 {
		u := r.Float64()
		if u <= 1-mean { // and so below exp(-mean)
			return 0
		}
		n, p := 0.0, math.Exp(-mean)
		for u > p && n < 200 {
			u -= p
			n++
			p *= mean / n
		}
		return n
	}
	b := 0.931 + 2.53*math.Sqrt(mean)
	a := -0.059 + 0.02483*b
	for {
		u, v := r.Float64()-0.5, r.Float64()
		us := 0.5 - math.Abs(u)
		k := math.Floor((2*a/us+b)*u + mean + 0.43)
		if us >= 0.07 && v <= 0.9277-3.6224/(b-2) {
			return k
		}
		if k < 0 || us < 0.013 && v > us {
			continue
		}
		g, _ := math.Lgamma(k + 1)
		if math.Log(v)+math.Log(1.1239+1.1328/(b-3.4))-math.Log(a/(us*us)+b) <= k*math.Log(mean)-mean-g {
			return k
		}
	}
}
