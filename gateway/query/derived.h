/* SPDX-License-Identifier: Apache-2.0 */
/* derived.h: derived variables, compiled, and the events they look at; inside this
 * folder only. */
#ifndef STATGATE_GATEWAY_QUERY_DERIVED_H
#define STATGATE_GATEWAY_QUERY_DERIVED_H

#include "gateway/query/pass.h"

#define ID_NONE UINT32_MAX

/* How one derived variable comes about. */
struct derivation {
        enum derived_kind kind;
        uint32_t from, to; /* DAYS_BETWEEN: operands of the base */
        /* The events: records of a data set that pass all tests. */
        const struct policy_dataset *events;
        struct operands event_operands;
        const struct test *tests;
        uint32_t tests_len;
        bool exclude_base; /* they stand in the base's data set, and a record is not its own */
        /* Where a date of theirs matters: which; else UINT32_MAX. */
        uint32_t date;
        enum window_kind window; /* a period is a fixed window here */
        int32_t window_from, window_until;
        uint32_t anchor; /* operand: the day of a relative window, and of a family; or UINT32_MAX */
        bool family;
        enum derived_in in;
        const uint16_t *place_of; /* municipality by physical value, on the day of the division */
        uint32_t value;           /* SUM, COUNT of distinct: variable of the events */
        /* COUNT of distinct: which value is which. Codes, booleans, ages, dates: id_of[value -
         * id_first]; numbers: the band that holds it. */
        uint32_t ids;
        const uint32_t *id_of;
        uint32_t id_len;
        int32_t id_first;
        const struct banding *id_bands;
};

/* The events of all persons: those of person p stand at starts[p] .. starts[p+1]-1. */
struct events {
        const struct view *view;
        const struct families *families;
        const uint32_t *starts;
        const int32_t *dates; /* ascending within a person; NULL: no date matters */
        const uint32_t *rows; /* in the view; NULL: event i is row i */
        const uint8_t *kept;  /* by row: whether it is an event; NULL: all are */
        const void *places;   /* by row, as values */
        const void *values;
        enum physical place_form, value_form;
};

/* derived_events.c */
MUST_CHECK enum err events_prepare(const struct pass *p, const struct derivation *d,
        unsigned threads, struct arena *scratch, struct events *out);

#endif
