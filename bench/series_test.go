package main

import (
	"slices"
	"testing"
)

func TestSpreadIsIndependentOfOrderAndLiesBetweenValues(t *testing.T) {
	if got, want := summarize([]float64{11, 1, 3, 2, 10, 4, 9, 5, 8, 6, 7}), (spread{6, 2, 10}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := summarize([]float64{2, 1}), (spread{1.5, 1.1, 1.9}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := summarize([]float64{7}), (spread{7, 7, 7}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRatiosAreOfTheSameRound(t *testing.T) {
	base := &series{values: []float64{1, 10, 100}}
	base.base = base
	s := &series{values: []float64{2, 10, 50}, base: base}
	if got, want := s.ratios(), []float64{2, 1, 0.5}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if base.ratios() != nil {
		t.Error("the base is compared to itself")
	}
}

func TestTargetIsAboutRatioOrMedian(t *testing.T) {
	ratio := &target{Ratio: true, Most: 1.5}
	ratio.judge(spread{Median: 100}, &spread{Median: 1.5})
	if got := ratio.String(); got != "≤ 1.5 ok" {
		t.Error(got)
	}
	median := &target{Most: 9000}
	median.judge(spread{Median: 9001}, &spread{Median: 1})
	if got := median.String(); got != "≤ 9000 missed" {
		t.Error(got)
	}
}
