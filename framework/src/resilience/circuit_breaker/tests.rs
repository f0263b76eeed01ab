use super::*;
use crate::metrics::Metrics;

const OPTIONS: BreakerOptions = BreakerOptions {
    failures: 3,
    window: Duration::from_secs(30),
    patience: Duration::from_millis(50),
    probe_interval: Duration::from_millis(250),
};

fn breaker() -> (CircuitBreaker, Metrics) {
    let metrics = Metrics::new("1.0.0").expect("the table is valid");
    (CircuitBreaker::new(OPTIONS, metrics.breaker("redis")), metrics)
}

fn call(breaker: &CircuitBreaker) -> Permit {
    breaker.call().expect("it is closed")
}

async fn pass(milliseconds: u64) {
    tokio::time::advance(Duration::from_millis(milliseconds)).await;
}

fn open() -> (CircuitBreaker, Metrics) {
    let (breaker, metrics) = breaker();
    (0..3).for_each(|_| call(&breaker).failed());
    assert_eq!(breaker.state(), BreakerState::Open);
    (breaker, metrics)
}

#[tokio::test(start_paused = true)]
async fn it_opens_after_so_many_failures_whatever_went_well_between() {
    let (breaker, _) = breaker();
    call(&breaker).failed();
    call(&breaker).succeeded();
    call(&breaker).failed();
    assert_eq!(breaker.state(), BreakerState::Closed);
    call(&breaker).failed();
    assert_eq!(breaker.state(), BreakerState::Open);
    assert!(breaker.call().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_forgotten_after_the_window() {
    let (breaker, _) = breaker();
    call(&breaker).failed();
    call(&breaker).failed();
    pass(30_001).await;
    call(&breaker).failed();
    call(&breaker).failed();
    assert_eq!(breaker.state(), BreakerState::Closed);
    call(&breaker).failed();
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn calls_that_do_not_end_open_it_before_they_fail() {
    let (breaker, metrics) = breaker();
    let hanging: Vec<Permit> = (0..3).map(|_| call(&breaker)).collect();
    pass(49).await;
    assert_eq!(breaker.state(), BreakerState::Closed);
    pass(1).await;
    assert!(breaker.call().is_none());
    hanging.into_iter().for_each(Permit::failed);
    assert_eq!(metrics.circuit_breaker_failures_total.with_label_values(&["redis"]).get(), 3, "each counts once");
}

#[tokio::test(start_paused = true)]
async fn an_old_call_is_no_hang_while_later_ones_go_well() {
    let (breaker, _) = breaker();
    let slow: Vec<Permit> = (0..9).map(|_| call(&breaker)).collect();
    pass(10).await;
    call(&breaker).succeeded();
    pass(90).await;
    assert_eq!(breaker.state(), BreakerState::Closed);
    slow.into_iter().for_each(Permit::succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_late_success_takes_its_failure_back() {
    let (breaker, _) = breaker();
    for _ in 0..9 {
        let late = call(&breaker);
        pass(60).await;
        assert_eq!(breaker.state(), BreakerState::Closed);
        late.succeeded();
    }
}

#[tokio::test(start_paused = true)]
async fn one_probe_at_a_time_is_let_through_after_the_interval() {
    let (breaker, _) = open();
    pass(249).await;
    assert!(breaker.probe().is_none());
    pass(1).await;
    assert!(breaker.call().is_none(), "a call is not made to wait for a service that may be gone");
    let probe = breaker.probe().expect("it is time");
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    assert!(breaker.probe().is_none());
    probe.failed();
    assert_eq!(breaker.state(), BreakerState::Open);
    assert!(breaker.probe().is_none());
    pass(250).await;
    breaker.probe().expect("it is time again").succeeded();
    assert_eq!(breaker.state(), BreakerState::Closed);
    call(&breaker).succeeded();
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_given_up_makes_room_for_the_next_at_once() {
    let (breaker, _) = open();
    pass(250).await;
    drop(breaker.probe().expect("it is time"));
    assert_eq!(breaker.state(), BreakerState::Open);
    let late = breaker.probe().expect("nothing is known of the service");
    pass(50).await;
    drop(late);
    assert!(breaker.probe().is_none(), "it was under way for too long");
    pass(250).await;
    breaker.probe().expect("it is time").succeeded();
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_counts_if_it_was_in_flight_for_too_long() {
    let (breaker, _) = breaker();
    for _ in 0..9 {
        drop(call(&breaker));
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
    for _ in 0..3 {
        let given_up = call(&breaker);
        pass(50).await;
        drop(given_up);
    }
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn calls_from_before_it_opened_do_not_close_it_nor_count_for_the_probe() {
    let (breaker, _) = breaker();
    let (early, late) = (call(&breaker), call(&breaker));
    breaker.open();
    early.succeeded();
    assert_eq!(breaker.state(), BreakerState::Open);
    pass(250).await;
    let probe = breaker.probe().expect("it is time");
    late.failed();
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    probe.succeeded();
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn changes_of_state_are_in_the_metrics() {
    let (breaker, metrics) = open();
    let state = metrics.circuit_breaker_state.with_label_values(&["redis"]);
    let changes = |from, to| metrics.circuit_breaker_state_changes_total.with_label_values(&["redis", from, to]).get();
    assert_eq!(state.get(), 2);
    pass(250).await;
    let probe = breaker.probe().expect("it is time");
    assert_eq!(state.get(), 1);
    probe.succeeded();
    assert_eq!(state.get(), 0);
    let seen = [changes("closed", "open"), changes("open", "half_open"), changes("half_open", "closed")];
    assert_eq!((seen, changes("half_open", "open")), ([1, 1, 1], 0));
}
